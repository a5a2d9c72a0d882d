# Finds the OpenCV modules that tine's image kernels use, as the targets opencv_core,
# opencv_imgproc, ... of OpenCV's own package.
#
# That package comes only with the whole of OpenCV (on Debian, libopencv-dev and well over a hundred
# packages more), so when it is not there the same targets are made from each module's header and
# library.

set(TineOpenCV_modules core imgproc imgcodecs photo features2d)

find_package(OpenCV 4 QUIET CONFIG COMPONENTS ${TineOpenCV_modules})

if(NOT OpenCV_FOUND)
  foreach(module IN LISTS TineOpenCV_modules)
    find_path(OpenCV_${module}_INCLUDE_DIR opencv2/${module}.hpp PATH_SUFFIXES opencv4)
    find_library(OpenCV_${module}_LIBRARY opencv_${module})
    mark_as_advanced(OpenCV_${module}_INCLUDE_DIR OpenCV_${module}_LIBRARY)
    list(APPEND TineOpenCV_needed OpenCV_${module}_LIBRARY OpenCV_${module}_INCLUDE_DIR)
  endforeach()
else()
  set(TineOpenCV_needed OpenCV_FOUND)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  TineOpenCV
  REQUIRED_VARS ${TineOpenCV_needed}
  REASON_FAILURE_MESSAGE
    "On Debian: apt install libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev libopencv-photo-dev libopencv-features2d-dev"
)

if(TineOpenCV_FOUND AND NOT OpenCV_FOUND)
  foreach(module IN LISTS TineOpenCV_modules)
    if(NOT TARGET opencv_${module})
      add_library(opencv_${module} UNKNOWN IMPORTED GLOBAL)
      set_target_properties(
        opencv_${module}
        PROPERTIES IMPORTED_LOCATION "${OpenCV_${module}_LIBRARY}"
                   INTERFACE_INCLUDE_DIRECTORIES "${OpenCV_${module}_INCLUDE_DIR}")
    endif()
  endforeach()
  # Every module includes the headers of the core and calls into it.
  foreach(module imgproc imgcodecs photo features2d)
    set_target_properties(opencv_${module} PROPERTIES INTERFACE_LINK_LIBRARIES opencv_core)
  endforeach()
endif()
