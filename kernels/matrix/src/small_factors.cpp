#include "small_factors.hpp"

#include <complex>

#include "isa_variants.hpp"

namespace tine::matrix {

TINE_IN_EACH_ISA(template <class T> SmallFactors<T> small_factors();)

template <class T>
SmallFactors<T> small_factors([[maybe_unused]] Isa isa) {
  TINE_RETURN_FOR_ISA(isa, small_factors<T>());
}
template SmallFactors<float> small_factors(Isa);
template SmallFactors<double> small_factors(Isa);
template SmallFactors<std::complex<float>> small_factors(Isa);
template SmallFactors<std::complex<double>> small_factors(Isa);

}  // namespace tine::matrix
