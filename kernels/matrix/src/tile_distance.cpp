#include "tile_distance.hpp"

#include "isa_variants.hpp"

namespace tine::matrix {

TINE_IN_EACH_ISA(template <class T> void distances(Metric, const Points<T>&, const Points<T>&,
                                                   std::size_t, T*, std::size_t, T*);)

template <class T>
TileDistance<T>& tile_distance([[maybe_unused]] Isa isa) {
  TINE_RETURN_FOR_ISA(isa, distances<T>);
}
template TileDistance<float>& tile_distance(Isa);
template TileDistance<double>& tile_distance(Isa);

}  // namespace tine::matrix
