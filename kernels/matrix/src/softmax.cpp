#include <tine/matrix/softmax.hpp>

#include "same_order.hpp"
#include "tile_softmax.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix::detail {

template <class T>
Report softmax(const PoolWith& on, Operand<const T> a, Per per, Operand<T> result, bool logarithm) {
  using State = typename Exponentials<T>::State;
  const char* name = logarithm ? "log_softmax" : "softmax";
  check_same_shape(a, result, name);
  if (result.empty()) return {};
  JobSequence jobs(without_quarantine(on));
  SameOrder<T> both(jobs, on.pool, a, result);
  const View<const T, 2> from = both.input();
  const Lines lines = lines_of(from, (per == Per::row) == both.row_major());
  const auto shared = share_one(on.pool, lines);
  if (lines.rows && lines.parts() == 1) {  // in one go, while the rows are in cache
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, slices(lines.count, lines.grain),
          [logarithm](const Slice& s, const View<T, 2>& to, std::span<const Lines> how,
                      const View<const T, 2>& x) {
            std::vector<State> states(s.size());
            reduce_part<Exponentials<T>>(how[0], x, {s.begin, s.end}, how[0].part(0),
                                         states.data());
            tile_softmax<T>(how[0].isa)(&x(s.begin, 0), x.stride(0), s.size(), x.extent(1),
                                        states.data(), true, logarithm, to.data(), to.stride(0));
          },
          tine::out(both.output()), tine::whole(shared), tine::whole(from));
    });
  } else {
    const auto parts = reduce_parts<Exponentials<T>>(jobs, on.pool, lines, shared, from);
    auto states = on.pool.array<State>(lines.count);
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, slices(lines.count, 0, lines.parts() * sizeof(State)),
          [](const Slice& s, std::span<State> to, const View<const State, 2>& of_parts) {
            for (std::size_t i = s.begin; i < s.end; ++i)
              to[i - s.begin] = merged<Exponentials<T>>(
                  0, of_parts.extent(0), [&](std::size_t p) { return of_parts(p, i); });
          },
          tine::out(states), tine::whole(parts));
    });
    jobs.run([&](const PoolWith& next) {
      return for_each_slice(
          next, matrix_tiles(lines),
          [logarithm](const Slice& s, const View<T, 2>& to, const View<const T, 2>& x,
                      std::span<const Lines> how, std::span<const State> all) {
            tile_softmax<T>(how[0].isa)(x.data(), x.stride(0), x.extent(0), x.extent(1),
                                        &all[how[0].rows ? s.begin : s.columns.begin], how[0].rows,
                                        logarithm, to.data(), to.stride(0));
          },
          tine::out(both.output()), tine::in(from), tine::whole(shared), tine::whole(states));
    });
  }
  both.finish();
  return jobs.finish();
}

template Report softmax(const PoolWith&, Operand<const float>, Per, Operand<float>, bool);
template Report softmax(const PoolWith&, Operand<const double>, Per, Operand<double>, bool);

}  // namespace tine::matrix::detail
