#include "stencil_line.hpp"

#include "isa_variants.hpp"

namespace tine::matrix {

TINE_IN_EACH_ISA(template <class T> void apply(const Coefficients<T>&, const StencilLine<T>&, T*);
                 template <class T>
                 void relax(const Coefficients<T>&, const StencilLine<T>&, const T*, T, T*);)

template <class T>
StencilKernels<T> stencil_kernels([[maybe_unused]] Isa isa) {
  const auto apply = [&]() -> decltype(StencilKernels<T>::apply) {
    TINE_RETURN_FOR_ISA(isa, apply<T>);
  };
  const auto relax = [&]() -> decltype(StencilKernels<T>::relax) {
    TINE_RETURN_FOR_ISA(isa, relax<T>);
  };
  return {apply(), relax()};
}
template StencilKernels<float> stencil_kernels(Isa);
template StencilKernels<double> stencil_kernels(Isa);

}  // namespace tine::matrix
