// Which instruction sets there are, and which is used on which CPU.
#include <tine/matrix/isa.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

#include <tine/error.hpp>

#include "isa_variants.hpp"

namespace tine::matrix {

namespace {

constexpr std::array<std::string_view, 4> names{"baseline", "avx2", "avx512", "blas"};

#if TINE_MATRIX_X86

bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("fma");
}

struct CpuModel {
  bool amd = false;
  unsigned family = 0, model = 0;
};

// AMD's and Intel's way to count: extended family and model included.
CpuModel this_cpu() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  CpuModel cpu;
  if (__get_cpuid(0, &a, &b, &c, &d) == 0) return cpu;
  cpu.amd = c == signature_AMD_ecx;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return cpu;
  cpu.family = (a >> 8) & 0xf;
  cpu.model = (a >> 4) & 0xf;
  if (cpu.family == 0xf || cpu.family == 6) cpu.model |= (a >> 12) & 0xf0;
  if (cpu.family == 0xf) cpu.family += (a >> 20) & 0xff;
  return cpu;
}

// What was measured to be fastest, with matrix_bench: gemm of 2048 x 2048 doubles on one worker.
struct Measured {
  bool amd;
  unsigned family, first_model, last_model;
  Isa isa;
};
constexpr Measured measured[] = {
    // EPYC 9004 (Zen 4): 47 GFLOP/s with AVX-512, 42 with AVX2.
    {true, 0x19, 0x10, 0x1f, Isa::avx512},
};

#endif

Isa fastest() {
  std::vector<Isa> have = available_isas();
  std::erase(have, Isa::blas);
#if TINE_MATRIX_X86
  const CpuModel cpu = this_cpu();
  for (const Measured& m : measured)
    if (m.amd == cpu.amd && m.family == cpu.family && m.first_model <= cpu.model &&
        cpu.model <= m.last_model && std::ranges::count(have, m.isa) > 0)
      return m.isa;
#endif
  return have.back();
}

Isa chosen() {
  const char* wanted = std::getenv("TINE_ISA");
  if (wanted == nullptr || *wanted == '\0')
    return available_isas().back() == Isa::blas ? Isa::blas : eigen_isa();
  std::string known;
  for (const Isa isa : available_isas()) {
    if (to_string(isa) == wanted) return isa;
    known += known.empty() ? "" : ", ";
    known += to_string(isa);
  }
  throw InvalidArgument("TINE_ISA is \"" + std::string(wanted) + "\"; here it can be: " + known);
}

std::atomic<Isa>& used() {
  static std::atomic<Isa> isa = chosen();
  return isa;
}

}  // namespace

Isa eigen_isa() {
  static const Isa result = fastest();
  return result;
}

std::string_view to_string(Isa isa) {
  return names[static_cast<std::size_t>(isa)];
}

std::vector<Isa> available_isas() {
  std::vector<Isa> result{Isa::baseline};
#if TINE_MATRIX_X86
  if (has_avx2()) result.push_back(Isa::avx2);
  if (has_avx512()) result.push_back(Isa::avx512);
#endif
#if TINE_MATRIX_BLAS
  result.push_back(Isa::blas);
#endif
  return result;
}

Isa isa() {
  return used().load();
}

void use_isa(Isa isa) {
  if (std::ranges::count(available_isas(), isa) == 0)
    throw InvalidArgument("tine::matrix::use_isa: " + std::string(to_string(isa)) +
                          " is not available here");
  used() = isa;
}

}  // namespace tine::matrix
