# Install rules: libraries and headers, a CMake package with one component per library, and
# pkg-config files. The installed tree can be moved: nothing in it names the prefix.

include(CMakePackageConfigHelpers)

set(TINE_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/tine")

# tine_install_library(<target> <component> [PKG_CONFIG_REQUIRES <name>...]
#                      [PKG_CONFIG_CFLAGS <flag>...] [PKG_CONFIG_LIBS <flag>...])
#
# Makes <target> the component <component>: tine::<component> for CMake, and for pkg-config "tine"
# (the core) or "tine-<component>". Installs the headers below include/ of the calling folder.
# pkg-config cannot see what the target links to, hence the last three.
function(tine_install_library target component)
  cmake_parse_arguments(
    PARSE_ARGV 2 arg "" "" "PKG_CONFIG_REQUIRES;PKG_CONFIG_CFLAGS;PKG_CONFIG_LIBS")

  # Until 1.0, a minor version may change the binary interface.
  set_target_properties(
    ${target}
    PROPERTIES EXPORT_NAME ${component}
               VERSION ${PROJECT_VERSION}
               SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  if(NOT TINE_INSTALL)
    return()
  endif()

  # One export set per component: whoever asks for the core alone needs no OpenCV.
  install(
    TARGETS ${target}
    EXPORT tine-${component}
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(
    EXPORT tine-${component}
    NAMESPACE tine::
    FILE tine-${component}-targets.cmake
    DESTINATION "${TINE_PACKAGE_DIR}")
  install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/include/"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

  set(name tine)
  if(NOT component STREQUAL "core")
    set(name tine-${component})
    list(APPEND arg_PKG_CONFIG_REQUIRES tine)
  endif()
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY
             "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" OUTPUT_VARIABLE to_prefix)
  list(JOIN arg_PKG_CONFIG_REQUIRES ", " requires)
  list(JOIN arg_PKG_CONFIG_CFLAGS " " cflags)
  list(JOIN arg_PKG_CONFIG_LIBS " " libs)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/tine.pc.in" "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
                 @ONLY)
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
          DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

function(tine_install_package)
  configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/tineConfig.cmake.in" "${PROJECT_BINARY_DIR}/tineConfig.cmake"
    INSTALL_DESTINATION "${TINE_PACKAGE_DIR}")
  write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/tineConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/tineConfig.cmake"
                "${PROJECT_BINARY_DIR}/tineConfigVersion.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/FindTineOpenCV.cmake"
          DESTINATION "${TINE_PACKAGE_DIR}")
endfunction()
