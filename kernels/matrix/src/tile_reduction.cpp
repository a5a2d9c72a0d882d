#include "tile_reduction.hpp"

#include "isa_variants.hpp"

namespace tine::matrix {

TINE_IN_EACH_ISA(template <class Op>
                 void reduce_rows(const typename Op::Number*, std::size_t, std::size_t, std::size_t,
                                  typename Op::State*);
                 template <class Op>
                 void reduce_columns(const typename Op::Number*, std::size_t, std::size_t,
                                     std::size_t, typename Op::State*);)

template <class Op>
ReduceTile<Op>& rows_reduction([[maybe_unused]] Isa isa) {
  TINE_RETURN_FOR_ISA(isa, reduce_rows<Op>);
}
template <class Op>
ReduceTile<Op>& columns_reduction([[maybe_unused]] Isa isa) {
  TINE_RETURN_FOR_ISA(isa, reduce_columns<Op>);
}

#define TINE_FOR_REDUCTION(...)                                       \
  template ReduceTile<__VA_ARGS__>& rows_reduction<__VA_ARGS__>(Isa); \
  template ReduceTile<__VA_ARGS__>& columns_reduction<__VA_ARGS__>(Isa);
TINE_REDUCTIONS(TINE_FOR_REDUCTION)
#undef TINE_FOR_REDUCTION

}  // namespace tine::matrix
