#include "accumulator.hpp"

namespace tine::mining {

std::unique_ptr<Accumulator> make_accumulator(const Aggregate& aggregate) {
  switch (aggregate.kind) {
    case AggregateKind::count:
    case AggregateKind::sum:
    case AggregateKind::mean:
      return make_sum(aggregate);
    case AggregateKind::variance:
    case AggregateKind::stddev:
    case AggregateKind::correlation:
      return make_moments(aggregate);
    case AggregateKind::quantile:
      return make_quantile(aggregate);
    case AggregateKind::distinct:
      return make_distinct(aggregate);
    case AggregateKind::approx_distinct:
      return make_approx_distinct();
    default:
      return make_chosen(aggregate);
  }
}

}  // namespace tine::mining
