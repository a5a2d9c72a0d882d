#include "tile_softmax.hpp"

#include "isa_variants.hpp"

namespace tine::matrix {

TINE_IN_EACH_ISA(template <class T>
                 void sum_row_exponentials(const T*, std::size_t, std::size_t, std::size_t,
                                           typename Exponentials<T>::State*);
                 template <class T>
                 void sum_column_exponentials(const T*, std::size_t, std::size_t, std::size_t,
                                              typename Exponentials<T>::State*);
                 template <class T>
                 void softmax(const T*, std::size_t, std::size_t, std::size_t,
                              const typename Exponentials<T>::State*, bool, bool, T*, std::size_t);)

template <class T>
TileSoftmax<T>& tile_softmax([[maybe_unused]] Isa isa) {
  TINE_RETURN_FOR_ISA(isa, softmax<T>);
}
template TileSoftmax<float>& tile_softmax(Isa);
template TileSoftmax<double>& tile_softmax(Isa);

#define TINE_EXPONENTIALS(T)                                                                  \
  template <>                                                                                 \
  ReduceTile<Exponentials<T>>& rows_reduction<Exponentials<T>>([[maybe_unused]] Isa isa) {    \
    TINE_RETURN_FOR_ISA(isa, sum_row_exponentials<T>);                                        \
  }                                                                                           \
  template <>                                                                                 \
  ReduceTile<Exponentials<T>>& columns_reduction<Exponentials<T>>([[maybe_unused]] Isa isa) { \
    TINE_RETURN_FOR_ISA(isa, sum_column_exponentials<T>);                                     \
  }
TINE_EXPONENTIALS(float)
TINE_EXPONENTIALS(double)
#undef TINE_EXPONENTIALS

}  // namespace tine::matrix
