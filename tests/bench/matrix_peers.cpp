#include "matrix_peers.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "compare.hpp"

namespace bench {

std::vector<Blas>& Blas::installed() {
  static std::vector<Blas> found = [] {
    constexpr std::pair<const char*, const char*> known[] = {
        {"OpenBLAS", "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0"},
        {"BLIS", "/usr/lib/x86_64-linux-gnu/blis-pthread/libblis.so.4"},
    };
    std::vector<Blas> result;
    for (const auto& [name, path] : known)
      if (void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL))
        result.push_back(Blas(name, library));
    return result;
  }();
  return found;
}

void* Blas::function(const char* name) const {
  return dlsym(library_, name);
}

void Blas::set_threads(int threads) const {
  if (void* openblas = function("openblas_set_num_threads"))
    reinterpret_cast<void (*)(int)>(openblas)(threads);
  else if (void* blis = function("bli_thread_set_num_threads"))
    reinterpret_cast<void (*)(long)>(blis)(threads);
  else
    fail(name_ + " does not let us say how many threads it may use");
}

// Fortran's interface, for which matrices are column-major: what is row-major is its transpose, and
// c' = b' * a'.
template <class T>
void Blas::gemm(const Square<T>& m) const {
  using Gemm = void(const char*, const char*, const int*, const int*, const int*, const T*,
                    const T*, const int*, const T*, const int*, const T*, T*, const int*);
  static const T one = 1, zero = 0;
  auto* call = reinterpret_cast<Gemm*>(function(std::is_same_v<T, float> ? "sgemm_" : "dgemm_"));
  call("N", "N", &m.n, &m.n, &m.n, &one, m.b, &m.n, m.a, &m.n, &zero, m.c, &m.n);
}

template <class T>
void Blas::syrk(const Square<T>& m) const {
  using Syrk = void(const char*, const char*, const int*, const int*, const T*, const T*,
                    const int*, const T*, T*, const int*);
  static const T one = 1, zero = 0;
  auto* call = reinterpret_cast<Syrk*>(function(std::is_same_v<T, float> ? "ssyrk_" : "dsyrk_"));
  call("U", "T", &m.n, &m.n, &one, m.a, &m.n, &zero, m.c, &m.n);
}

template <class T>
void Blas::gemv(const Square<T>& m) const {
  using Gemv = void(const char*, const int*, const int*, const T*, const T*, const int*, const T*,
                    const int*, const T*, T*, const int*);
  static const T one = 1, zero = 0;
  static const int step = 1;
  auto* call = reinterpret_cast<Gemv*>(function(std::is_same_v<T, float> ? "sgemv_" : "dgemv_"));
  call("T", &m.n, &m.n, &one, m.a, &m.n, m.b, &step, &zero, m.c, &step);
}

template <class T>
void Blas::transpose(const Square<T>& m) const {
  using Copy = void(const char*, const char*, const int*, const int*, const T*, const T*,
                    const int*, T*, const int*);
  static const T one = 1;
  auto* call =
      reinterpret_cast<Copy*>(function(std::is_same_v<T, float> ? "somatcopy_" : "domatcopy_"));
  call("R", "T", &m.n, &m.n, &one, m.a, &m.n, m.c, &m.n);
}

template <class T>
void Blas::cholesky(const Square<T>& m) const {
  using Potrf = void(const char*, const int*, T*, const int*, int*);
  std::copy_n(m.a, m.n * std::size_t(m.n), m.c);
  int info = 0;
  auto* call = reinterpret_cast<Potrf*>(function(std::is_same_v<T, float> ? "spotrf_" : "dpotrf_"));
  call("U", &m.n, m.c, &m.n, &info);
  require(info == 0, "potrf");
}

template <class T>
void Blas::lu(const Square<T>& m) const {
  using Getrf = void(const int*, const int*, T*, const int*, int*, int*);
  std::copy_n(m.b, m.n * std::size_t(m.n), m.c);
  std::vector<int> pivots(static_cast<std::size_t>(m.n));
  int info = 0;
  auto* call = reinterpret_cast<Getrf*>(function(std::is_same_v<T, float> ? "sgetrf_" : "dgetrf_"));
  call(&m.n, &m.n, m.c, &m.n, pivots.data(), &info);
  require(info == 0, "getrf");
}

template <class T>
void Blas::qr(const Square<T>& m) const {
  using Geqrf = void(const int*, const int*, T*, const int*, T*, T*, const int*, int*);
  std::copy_n(m.b, m.n * std::size_t(m.n), m.c);
  std::vector<T> tau(static_cast<std::size_t>(m.n)), work(static_cast<std::size_t>(m.n) * 64);
  const int size = static_cast<int>(work.size());
  int info = 0;
  auto* call = reinterpret_cast<Geqrf*>(function(std::is_same_v<T, float> ? "sgeqrf_" : "dgeqrf_"));
  call(&m.n, &m.n, m.c, &m.n, tau.data(), work.data(), &size, &info);
  require(info == 0, "geqrf");
}

#define BENCH_BLAS(T)                                    \
  template void Blas::gemm(const Square<T>&) const;      \
  template void Blas::syrk(const Square<T>&) const;      \
  template void Blas::gemv(const Square<T>&) const;      \
  template void Blas::transpose(const Square<T>&) const; \
  template void Blas::cholesky(const Square<T>&) const;  \
  template void Blas::lu(const Square<T>&) const;        \
  template void Blas::qr(const Square<T>&) const;
BENCH_BLAS(float)
BENCH_BLAS(double)
#undef BENCH_BLAS

}  // namespace bench
