# What nearly every source, and every test, begins with takes half of the time to compile it: it is read once. But
# for what g++ optimises: g++ 12 cries wolf of arrays' bounds in headers of the system that are precompiled.
add_compile_options(-pthread)  # a precompiled header fits only what is compiled alike
function(ullage_precompiled name)
  add_library(${name} OBJECT cmake/precompiled.cpp)
  target_link_libraries(${name} PRIVATE ullage_warnings ${ARGN})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")  # else ccache keeps nothing made with it
  endif()
endfunction()
ullage_precompiled(ullage_test_headers GTest::gmock_main rapidcheck::rapidcheck)
target_compile_options(ullage_test_headers PRIVATE -O0)
target_precompile_headers(ullage_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(ULLAGE_PRECOMPILED ON)
  ullage_precompiled(ullage_headers)
  target_precompile_headers(ullage_headers PRIVATE
    <algorithm> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <optional> <ranges> <span> <string>
    <string_view> <unordered_map> <utility> <vector>)
endif()

# ullage_library(NAME SOURCES … [TESTS …] [DEPENDS …] [PRIVATE_DEPENDS …] [THREADED])
# declares one layer: a static library `ullage_NAME` and, where there are TESTS, a program
# `NAME_test` whose cases ctest knows one by one. THREADED: they start threads.
function(ullage_library name)
  cmake_parse_arguments(arg "THREADED" "" "SOURCES;TESTS;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(ullage_${name} STATIC ${arg_SOURCES})
  target_include_directories(ullage_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(ullage_${name} PUBLIC ${arg_DEPENDS} PRIVATE ullage_warnings ${arg_PRIVATE_DEPENDS})
  if(ULLAGE_PRECOMPILED)
    target_precompile_headers(ullage_${name} REUSE_FROM ullage_headers)
  endif()
  if(arg_TESTS)
    set(threaded)
    if(arg_THREADED)
      set(threaded THREADED)
    endif()
    ullage_test(${name}_test SOURCES ${arg_TESTS} DEPENDS ullage_${name} ${arg_PRIVATE_DEPENDS} ${threaded})
  endif()
endfunction()

# ullage_test(NAME SOURCES … DEPENDS … [THREADED]): a GoogleTest program; its cases run from the source
# folder, so that fixtures are found by their path in the tree. Those with threads are the target
# threaded_tests and have the label "threads": what TSan can say something about.
add_custom_target(threaded_tests)
function(ullage_test name)
  cmake_parse_arguments(arg "THREADED" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} ullage_warnings GTest::gmock_main rapidcheck::rapidcheck)
  target_compile_options(${name} PRIVATE -O0)  # a third less time to compile it; what it tests is optimised
  target_precompile_headers(${name} REUSE_FROM ullage_test_headers)
  set(labels)
  if(arg_THREADED)
    add_dependencies(threaded_tests ${name})
    set(labels LABELS threads)
  endif()
  gtest_discover_tests(${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 120 ${labels})
endfunction()

# ullage_fuzzer(NAME SOURCES … DEPENDS …): a libFuzzer program `NAME_fuzz` of the asan preset (whose objects are
# instrumented for both, so that they are compiled once). Its seeds lie in fuzz/corpus/NAME/; ./dev test runs it for
# 5 s, ./dev soak for half an hour.
function(ullage_fuzzer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name}_fuzz ${arg_SOURCES})
  target_link_libraries(${name}_fuzz PRIVATE ${arg_DEPENDS} ullage_warnings)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
endfunction()
