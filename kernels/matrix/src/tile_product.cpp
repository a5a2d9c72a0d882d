#include "tile_product.hpp"

#include "isa_variants.hpp"

namespace tine::matrix {

TINE_IN_EACH_ISA(template <class T>
                 void multiply(const Tile<T>&, const Tile<T>&, T, T, T*, std::size_t);)

template <class T>
TileProduct<T>& tile_product([[maybe_unused]] Isa isa) {
  TINE_RETURN_FOR_ISA_OR_BLAS(isa, multiply<T>);
}
template TileProduct<float>& tile_product(Isa);
template TileProduct<double>& tile_product(Isa);
template TileProduct<std::complex<float>>& tile_product(Isa);
template TileProduct<std::complex<double>>& tile_product(Isa);

}  // namespace tine::matrix
