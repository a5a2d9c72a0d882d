# The warnings that tine's own code is kept free of. They become errors with
# CMAKE_COMPILE_WARNING_AS_ERROR, as in the preset "dev".
#
# Directory-wide options rather than an interface target: a target would have to be exported with the
# libraries that link it, and consumers would see it.

add_compile_options(
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wundef;-Wcast-qual>"
  "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Woverloaded-virtual;-Wimplicit-fallthrough>")

# What GCC gets wrong: std::string + "literal" in GCC 12 (GCC bug 105329), and without
# full optimisation, what may be uninitialised.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options("$<$<CONFIG:Debug>:-Wno-maybe-uninitialized>")
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>")
  endif()
endif()
