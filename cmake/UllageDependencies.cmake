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
find_package(tl-expected REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

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
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
