// Loops that compilers turn into vectors.
#pragma once

/// Compiles a function for AVX2 as well as for the baseline; the loader chooses. Not with FMA: it rounds
/// once where OpenCV rounds twice. Clang cannot do that for templates.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define TINE_IMAGE_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define TINE_IMAGE_WIDE
#endif
