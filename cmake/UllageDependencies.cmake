# What the distribution gives us, each found once, here.
include(GoogleTest)
find_package(Threads REQUIRED)
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own package file, not CMake's module that looks for it
endif()
find_package(Boost 1.81 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(tl-expected REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(snappy REQUIRED IMPORTED_TARGET snappy)
pkg_check_modules(ncursesw REQUIRED IMPORTED_TARGET ncursesw)
# Its flags ask for an older POSIX than C++ compilers do by themselves.
set_target_properties(PkgConfig::ncursesw PROPERTIES INTERFACE_COMPILE_OPTIONS "")
find_path(PROTOZERO_INCLUDE protozero/pbf_writer.hpp REQUIRED)

# libcurl's declarations only: src/base/http_client.cpp opens the library when it is first needed.
find_package(CURL 7.85 REQUIRED)
add_library(ullage_curl_headers INTERFACE)
add_library(ullage::curl_headers ALIAS ullage_curl_headers)
target_include_directories(ullage_curl_headers SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})

# OpenSSL's declarations only: src/server/tls_library.cpp opens the library when a server is to speak TLS.
find_path(OPENSSL_INCLUDE openssl/ssl.h REQUIRED)
add_library(ullage_openssl_headers INTERFACE)
add_library(ullage::openssl_headers ALIAS ullage_openssl_headers)
target_include_directories(ullage_openssl_headers SYSTEM INTERFACE ${OPENSSL_INCLUDE})

# Debian's librapidcheck-dev has no CMake package.
find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
add_library(rapidcheck::rapidcheck INTERFACE IMPORTED)
target_link_libraries(rapidcheck::rapidcheck INTERFACE ${RAPIDCHECK_LIBRARY})

# yaml-cpp renamed its target in 0.8.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp INTERFACE IMPORTED)
  target_link_libraries(yaml-cpp::yaml-cpp INTERFACE yaml-cpp)
endif()

add_library(ullage_warnings INTERFACE)
target_compile_options(ullage_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wswitch-enum -Wundef -Wno-missing-field-initializers)  # the last cries wolf at designated initialisers
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(ullage_warnings INTERFACE -Wthread-safety)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(ullage_warnings INTERFACE -Wno-restrict)  # cries wolf over "a" + string (GCC bug 105651)
endif()
if(ULLAGE_WERROR)
  target_compile_options(ullage_warnings INTERFACE -Werror)
endif()
if(ULLAGE_SANITIZE)
  add_compile_options(-fsanitize=${ULLAGE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ULLAGE_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # Without this, ccache keeps nothing that is compiled with a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# The program itself has these linked in where the distribution has archives: to find and bind seven shared
# libraries is a fifth of what a run of `true` costs. libc stays shared. The layers link ullage::fmt, sqlite,
# yaml, zstd, re2, snappy, zlib and ncurses.
set(ULLAGE_LINKS_IN ON)
foreach(archive sqlite3 yaml-cpp zstd re2 snappy z ncursesw tinfo)
  find_library(ULLAGE_ARCHIVE_${archive} lib${archive}.a)
  mark_as_advanced(ULLAGE_ARCHIVE_${archive})
  if(NOT ULLAGE_ARCHIVE_${archive})
    set(ULLAGE_LINKS_IN OFF)
  endif()
endforeach()
# A later re2 would need the archives of Abseil too.
if(ULLAGE_SANITIZE OR NOT fmt_VERSION MATCHES "^9\\." OR re2_STATIC_LIBRARIES MATCHES "absl")
  set(ULLAGE_LINKS_IN OFF)
endif()
foreach(part fmt sqlite yaml zstd re2 snappy zlib ncurses)
  add_library(ullage_dependency_${part} INTERFACE)
  add_library(ullage::${part} ALIAS ullage_dependency_${part})
endforeach()
target_compile_definitions(ullage_dependency_zlib INTERFACE ZLIB_CONST)  # its input is not written to
if(ULLAGE_LINKS_IN)
  add_library(ullage_fmt STATIC cmake/fmt_format.cpp)
  target_link_libraries(ullage_dependency_fmt INTERFACE ullage_fmt)
  target_link_libraries(ullage_dependency_sqlite INTERFACE ${ULLAGE_ARCHIVE_sqlite3} m Threads::Threads ${CMAKE_DL_LIBS})
  target_link_libraries(ullage_dependency_yaml INTERFACE ${ULLAGE_ARCHIVE_yaml-cpp})
  target_link_libraries(ullage_dependency_zstd INTERFACE ${ULLAGE_ARCHIVE_zstd})
  target_link_libraries(ullage_dependency_re2 INTERFACE ${ULLAGE_ARCHIVE_re2} Threads::Threads)
  target_link_libraries(ullage_dependency_snappy INTERFACE ${ULLAGE_ARCHIVE_snappy})
  target_link_libraries(ullage_dependency_zlib INTERFACE ${ULLAGE_ARCHIVE_z})
  target_link_libraries(ullage_dependency_ncurses INTERFACE ${ULLAGE_ARCHIVE_ncursesw} ${ULLAGE_ARCHIVE_tinfo})
else()
  target_link_libraries(ullage_dependency_fmt INTERFACE fmt::fmt)
  target_link_libraries(ullage_dependency_sqlite INTERFACE SQLite::SQLite3)
  target_link_libraries(ullage_dependency_yaml INTERFACE yaml-cpp::yaml-cpp)
  target_link_libraries(ullage_dependency_zstd INTERFACE PkgConfig::zstd)
  target_link_libraries(ullage_dependency_re2 INTERFACE PkgConfig::re2)
  target_link_libraries(ullage_dependency_snappy INTERFACE PkgConfig::snappy)
  target_link_libraries(ullage_dependency_zlib INTERFACE ZLIB::ZLIB)
  target_link_libraries(ullage_dependency_ncurses INTERFACE PkgConfig::ncursesw)
endif()
