/// @file
/// Which instructions the kernels on matrices use.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tine::matrix {

/// A set of kernels. The last bits of a result may differ from one to another, and from one
/// BLAS library to another; never with the number of workers or their fate.
enum class Isa : std::uint8_t {
  baseline,  ///< Eigen, for any CPU of the architecture (SSE2 on x86-64)
  avx2,      ///< Eigen, for AVX2 and FMA
  avx512,    ///< Eigen, for AVX-512 F, DQ, VL and BW
  blas,  ///< the BLAS library that tine was built with, for tiles of 512 x 512 and more; Eigen for others
};

std::string_view to_string(Isa isa);

/// Those that this machine can run and this build has, slowest first.
std::vector<Isa> available_isas();

/// The one that is used: what the environment variable TINE_ISA names ("avx2"), else the BLAS if
/// tine was built with one, else what was measured to be the fastest on this model of CPU.
/// Decided at the first call; never by measuring in the run, for bits must not depend on noise.
/// May be called from any thread.
///
/// @throws InvalidArgument  TINE_ISA names nothing that is available
Isa isa();

/// Uses another one from now on: for the same bits on machines that differ, say.
///
/// @throws InvalidArgument  it is not among available_isas()
void use_isa(Isa isa);

}  // namespace tine::matrix
