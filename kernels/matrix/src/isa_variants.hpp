// Functions that are compiled once for each instruction set, from src/isa/NAME.hpp (see CMakeLists.txt),
// each time into the namespace of that instruction set.
#pragma once

#include <tine/matrix/isa.hpp>

namespace tine::matrix {

/// The best of those that need no BLAS, on this CPU.
Isa eigen_isa();

}  // namespace tine::matrix

/// Declares such functions.
#define TINE_IN_EACH_ISA(...) \
  namespace baseline {        \
  __VA_ARGS__                 \
  }                           \
  namespace avx2 {            \
  __VA_ARGS__                 \
  }                           \
  namespace avx512 {          \
  __VA_ARGS__                 \
  }                           \
  namespace blas {            \
  __VA_ARGS__                 \
  }

/// Returns the one for `isa`, which this machine has: for those that have one on a BLAS.
#define TINE_RETURN_FOR_ISA_OR_BLAS(isa, ...) \
  do {                                        \
    TINE_BLAS_VARIANT(isa, __VA_ARGS__)       \
    TINE_X86_VARIANTS(isa, __VA_ARGS__)       \
    return baseline::__VA_ARGS__;             \
  } while (false)

/// The same for those that use no products, and so no BLAS.
#define TINE_RETURN_FOR_ISA(isa, ...)                                               \
  do {                                                                              \
    [[maybe_unused]] const Isa tine_isa = (isa) == Isa::blas ? eigen_isa() : (isa); \
    TINE_X86_VARIANTS(tine_isa, __VA_ARGS__)                                        \
    return baseline::__VA_ARGS__;                                                   \
  } while (false)

#if TINE_MATRIX_BLAS
#define TINE_BLAS_VARIANT(isa, ...) \
  if ((isa) == Isa::blas) return blas::__VA_ARGS__;
#else
#define TINE_BLAS_VARIANT(isa, ...)
#endif
#if TINE_MATRIX_X86
#define TINE_X86_VARIANTS(isa, ...)                     \
  if ((isa) == Isa::avx512) return avx512::__VA_ARGS__; \
  if ((isa) == Isa::avx2) return avx2::__VA_ARGS__;
#else
#define TINE_X86_VARIANTS(isa, ...)
#endif
