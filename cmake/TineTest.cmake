# tine_add_test(<name> <source>... [LIBS <target>...] [LABEL <label>] [TIMEOUT <seconds>])
#
# One GoogleTest executable, and one ctest entry <label>.<name> for all of it. The timeout is a
# watchdog for tests that hang, not a limit on how slow a machine may be.
function(tine_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "LIBS")
  if(NOT arg_LABEL)
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME arg_LABEL)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set(target ${arg_LABEL}_${name}_test)
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(
    ${target} PRIVATE ${arg_LIBS} tine_test_support tine::core GTest::gmock GTest::gtest_main)
  add_test(NAME ${arg_LABEL}.${name} COMMAND ${target})
  set_tests_properties(${arg_LABEL}.${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS
                                                                              ${arg_LABEL})
endfunction()

# tine_add_tests_here([LIBS <target>...] [LABEL <label>] [TIMEOUT <seconds>])
#
# tine_add_test for every *_test.cpp in the calling folder: array_test.cpp becomes <label>.array.
function(tine_add_tests_here)
  file(GLOB sources CONFIGURE_DEPENDS "*_test.cpp")
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    string(REGEX REPLACE "_test$" "" name "${name}")
    tine_add_test(${name} ${source} ${ARGN})
  endforeach()
endfunction()
