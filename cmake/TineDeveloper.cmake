# What only those who work on tine itself see: included when tine is the top-level project.

include(TineWarnings)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

find_program(TINE_CCACHE ccache)
mark_as_advanced(TINE_CCACHE)
if(TINE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TINE_CCACHE}")
endif()

find_program(TINE_DOXYGEN doxygen)
mark_as_advanced(TINE_DOXYGEN)
if(TINE_DOXYGEN)
  configure_file(Doxyfile.in Doxyfile @ONLY)
  add_custom_target(
    docs
    COMMAND "${TINE_DOXYGEN}" "${PROJECT_BINARY_DIR}/Doxyfile"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    COMMENT "Documentation in ${PROJECT_BINARY_DIR}/docs/html/index.html"
    VERBATIM)
endif()
