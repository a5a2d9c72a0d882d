#include <tine/matrix/qr.hpp>

#include <tine/job_sequence.hpp>
#include <tine/task_graph.hpp>

#include "shared_operands.hpp"
#include "tiles.hpp"
#include "tiling.hpp"
#include "without_quarantine.hpp"
#include "working_copy.hpp"

namespace tine::matrix {

namespace {

/// How the rows are cut into parts that are factored independently: a tall matrix into parts that are
/// still tall, any other not at all.
class Layout {
 public:
  Layout(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), side_(panel_width(std::min(rows, columns))) {
    const std::size_t tall = std::max<std::size_t>(4 * columns, 2048);
    height_ = (tall + side_ - 1) / side_ * side_;
    parts_ = std::max<std::size_t>(1, rows / height_);
  }
  std::size_t side() const { return side_; }
  std::size_t panels() const { return tile_count(std::min(rows_, columns_), side_); }
  /// The first one that still has rows in panel k.
  std::size_t first_part(std::size_t k) const { return std::min(k * side_ / height_, parts_ - 1); }
  std::size_t parts() const { return parts_; }
  Range rows_of(std::size_t part, std::size_t k) const {
    return {std::max(part * height_, k * side_), part + 1 == parts_ ? rows_ : (part + 1) * height_};
  }
  Range columns_of(std::size_t k) const { return tile_range(columns_, side_, k); }

  // What is kept of each panel and part beside the reflectors in the tiles, each side x side.
  enum Kept : std::size_t { t, r_or_joined, t_of_joined };
  static constexpr std::size_t kept = 3;
  std::size_t kept_rows() const { return panels() * parts_ * kept * side_; }
  template <class T>
  View<T, 2> block(const View<T, 2>& blocks, std::size_t k, std::size_t part, Kept which) const {
    const std::size_t width = columns_of(k).size();
    return blocks.part(0, ((k * parts_ + part) * kept + which) * side_, width).part(1, 0, width);
  }

 private:
  std::size_t rows_, columns_, side_, height_, parts_;
};

struct Step {
  enum Kind : std::uint8_t {
    factor,          // a part of a panel
    reflect,         // a column of tiles by a part of a panel
    join,            // two parts of a panel
    reflect_joined,  // a column by that
  } kind;
  std::uint32_t k, part, other, j;
};

// Calls f(part, other) for all pairs of parts in the order in which they are joined; backwards for q, which
// is their product in that order.
template <class F>
void for_each_pair(const Layout& layout, std::size_t k, bool backwards, F f) {
  const std::size_t first = layout.first_part(k), count = layout.parts() - first;
  std::size_t most = 1;
  while (2 * most < count) most *= 2;
  for (std::size_t step = backwards ? most : 1; step != 0 && step < count;
       step = backwards ? step / 2 : step * 2)
    for (std::size_t i = 0; i + step < count; i += 2 * step)
      f(static_cast<std::uint32_t>(first + i), static_cast<std::uint32_t>(first + i + step));
}

/// A graph on columns of a matrix: factors itself, or reflects another one.
template <class T>
class GraphOfColumns {
 public:
  GraphOfColumns(const Layout& layout, const Tiles<T>& changed)
      : layout_(layout), changed_(changed) {}

  // `use_panel(part)` names what the step reads of the factors, where they are made in the same graph.
  template <class F>
  void reflect(std::size_t k, std::size_t j, bool backwards, F use_panel) {
    const auto parts = [&] {
      for (std::size_t p = layout_.first_part(k); p < layout_.parts(); ++p) {
        graph_.add(step(Step::reflect, k, p, p, j));
        use_column(p, k, j);
        use_panel(p, false);
      }
    };
    if (!backwards) parts();
    for_each_pair(layout_, k, backwards, [&](std::uint32_t p, std::uint32_t other) {
      graph_.add(step(Step::reflect_joined, k, p, other, j));
      use_top(p, k, j);
      use_top(other, k, j);
      use_panel(other, true);
    });
    if (backwards) parts();
  }
  void use_column(std::size_t part, std::size_t k, std::size_t j) {
    const Range rows = layout_.rows_of(part, k);
    for (std::size_t i = rows.begin / changed_.side; i * changed_.side < rows.end; ++i)
      graph_.use(tine::inout(changed_(i, j)));
  }
  void use_top(std::size_t part, std::size_t k, std::size_t j) {
    graph_.use(tine::inout(changed_(layout_.rows_of(part, k).begin / changed_.side, j)));
  }
  static Step step(Step::Kind kind, std::size_t k, std::size_t part, std::size_t other,
                   std::size_t j) {
    return {kind, static_cast<std::uint32_t>(k), static_cast<std::uint32_t>(part),
            static_cast<std::uint32_t>(other), static_cast<std::uint32_t>(j)};
  }
  TaskGraph<Step>& graph() { return graph_; }

 private:
  const Layout& layout_;
  Tiles<T> changed_;
  TaskGraph<Step> graph_;
};

template <class T>
TaskGraph<Step> graph_of_factorisation(const Layout& layout, const Tiles<T>& a,
                                       const View<T, 2>& blocks) {
  GraphOfColumns<T> columns(layout, a);
  TaskGraph<Step>& graph = columns.graph();
  for (std::size_t j = 0; j < a.across(); ++j) {
    for (std::size_t k = 0; k < std::min(j, layout.panels()); ++k)
      columns.reflect(k, j, false, [&](std::size_t part, bool joined) {
        if (joined) {
          graph.use(tine::in(layout.block(blocks, k, part, Layout::r_or_joined)));
          return graph.use(tine::in(layout.block(blocks, k, part, Layout::t_of_joined)));
        }
        graph.use(tine::in(layout.block(blocks, k, part, Layout::t)));
        const Range rows = layout.rows_of(part, k);
        for (std::size_t i = rows.begin / a.side; i * a.side < rows.end; ++i)
          graph.use(tine::in(a(i, k)));
      });
    if (j >= layout.panels()) continue;
    for (std::size_t p = layout.first_part(j); p < layout.parts(); ++p) {
      graph.add(columns.step(Step::factor, j, p, p, j),
                tine::out(layout.block(blocks, j, p, Layout::t)),
                tine::out(layout.block(blocks, j, p, Layout::r_or_joined)));
      columns.use_column(p, j, j);
    }
    for_each_pair(layout, j, false, [&](std::uint32_t p, std::uint32_t other) {
      graph.add(columns.step(Step::join, j, p, other, j),
                tine::inout(layout.block(blocks, j, p, Layout::r_or_joined)),
                tine::inout(layout.block(blocks, j, other, Layout::r_or_joined)),
                tine::out(layout.block(blocks, j, other, Layout::t_of_joined)));
    });
  }
  return graph;
}

template <class T>
void copy_upper(const Operand<const T>& from, const Operand<T>& to) {
  for (std::size_t y = 0; y < to.rows; ++y)
    for (std::size_t x = y; x < to.columns; ++x)
      to.data[y * to.row_stride + x * to.column_stride] =
          from.data[y * from.row_stride + x * from.column_stride];
}

template <class T>
void factor_part(const TileKernels<T>& with, const Operand<T>& a, const Operand<T>& t,
                 const Operand<T>& r) {
  std::vector<T> memory(a.rows * a.columns);
  const Operand<T> panel{memory.data(), a.rows, a.columns, 1, a.rows};
  copy<T>(a, panel);
  qr(with, panel, t);
  copy<T>(panel, a);
  copy_upper<T>(panel, part(r, 0, std::min(a.rows, r.rows), 0, r.columns));
}

// Two triangles, one over the other, become one, and reflectors that are a triangle again.
template <class T>
void join_parts(const TileKernels<T>& with, const Operand<T>& r, const Operand<T>& other,
                const Operand<T>& t) {
  const std::size_t n = r.columns;
  std::vector<T> memory(2 * n * n);
  const Operand<T> both{memory.data(), 2 * n, n, 1, 2 * n};
  copy_upper<T>(r, part(both, 0, n, 0, n));
  copy_upper<T>(other, part(both, n, n, 0, n));
  qr(with, both, t);
  copy_upper<T>(part(both, 0, n, 0, n), r);
  copy_upper<T>(part(both, n, n, 0, n), other);
}

// c and other, the first rows of two parts, by the reflectors that joined them: ones over `v`.
template <class T>
void reflect_joined(const TileKernels<T>& with, const Operand<const T>& v,
                    const Operand<const T>& t, const Operand<T>& c, const Operand<T>& other,
                    bool transposed) {
  const std::size_t n = v.columns, columns = c.columns;
  std::vector<T> memory(n * n + 2 * n * columns);
  const Operand<T> upper{memory.data(), n, n, n, 1};
  const Operand<T> inner{memory.data() + n * n, n, columns, columns, 1};
  const Operand<T> turned{inner.data + n * columns, n, columns, columns, 1};
  copy_upper<T>(v, upper);
  copy<T>(c, inner);
  multiply<T>(with, T(1), upper.transposed(), other, inner);
  multiply<T>(with, T(1), transposed ? t.transposed() : t, inner, turned, T(0));
  for (std::size_t y = 0; y < n; ++y)
    for (std::size_t x = 0; x < columns; ++x)
      c.data[y * c.row_stride + x] -= turned.data[y * columns + x];
  multiply<T>(with, T(-1), upper, turned, other);
}

// Reflects columns of `c` by what `factors` and `blocks` hold.
template <class T>
void reflect_step(const Step& step, const TileKernels<T>& with, const Layout& layout,
                  const View<const T, 2>& factors, const View<const T, 2>& blocks,
                  const Tiles<T>& c, bool transposed) {
  const Range panel = layout.columns_of(step.k), columns = c.columns(step.j);
  const Range rows = layout.rows_of(step.part, step.k);
  const auto block = [&](std::size_t part, Layout::Kept which) {
    return operand(layout.block(blocks, step.k, part, which));
  };
  if (step.kind == Step::reflect)
    return reflect<T>(with, operand(Tiles<const T>{factors, c.side}.region(rows, panel)),
                      block(step.part, Layout::t), operand(c.region(rows, columns)), transposed);
  const auto top = [&](std::size_t part) {
    const std::size_t begin = layout.rows_of(part, step.k).begin;
    return operand(c.region({begin, begin + panel.size()}, columns));
  };
  reflect_joined<T>(with, block(step.other, Layout::r_or_joined),
                    block(step.other, Layout::t_of_joined), top(step.part), top(step.other),
                    transposed);
}

template <class T>
void factor_step(const Step& step, const TileKernels<T>& with, const Layout& layout,
                 const Tiles<T>& a, const View<T, 2>& blocks) {
  const auto block = [&](std::size_t part, Layout::Kept which) {
    return operand(layout.block(blocks, step.k, part, which));
  };
  switch (step.kind) {
    case Step::factor:
      return factor_part(with,
                         operand(a.region(layout.rows_of(step.part, step.k), a.columns(step.k))),
                         block(step.part, Layout::t), block(step.part, Layout::r_or_joined));
    case Step::join:
      return join_parts(with, block(step.part, Layout::r_or_joined),
                        block(step.other, Layout::r_or_joined),
                        block(step.other, Layout::t_of_joined));
    default:
      return reflect_step<T>(step, with, layout, a.matrix, blocks, a, true);
  }
}

}  // namespace

template <class T>
Qr<T>::Qr(const PoolWith& on, const Operand<const T>& a, Private) {
  factors_ = on.pool.array<T>(a.rows, a.columns);
  if (a.empty()) return;
  const Layout layout(a.rows, a.columns);
  blocks_ = on.pool.array<T>(layout.kept_rows(), layout.side());
  JobSequence jobs(without_quarantine(on));
  jobs.run([&](const PoolWith& next) { return load<T>(next, a, factors_); });
  const Tiles<T> tiles{factors_.peek(), layout.side()};
  jobs.run([&](const PoolWith& next) {
    return tine::run(
        next, graph_of_factorisation(layout, tiles, blocks_.view()),
        [layout, isa = isa_for(tiles.side)](const Step& step, const View<T, 2>& matrix,
                                            const View<T, 2>& blocks) {
          factor_step(step, TileKernels<T>(isa), layout, Tiles<T>{matrix, layout.side()}, blocks);
        },
        tine::inout(factors_), tine::inout(blocks_));
  });
  report_ = jobs.finish();
}

template <class T>
Report Qr<T>::copy_r(const PoolWith& on, const Operand<T>& r) const {
  const std::size_t n = std::min(rows(), columns());
  if (r.rows != n || r.columns != columns())
    refuse("Qr::r", "r has " + std::to_string(n) + " rows and " + std::to_string(columns()) +
                        " columns, but the result is " + shape(r));
  if (r.empty()) return {};
  const Layout layout(rows(), columns());
  auto work = on.pool.array<T>(n, columns());
  work.data();  // settles it
  copy_upper<T>(part(operand(factors_), 0, n, 0, columns()), operand(work));
  for (std::size_t k = 0; k < layout.panels(); ++k) {
    const Range c = layout.columns_of(k);
    const std::size_t size = std::min(c.size(), n - c.begin);
    const View<const T, 2> corner =
        layout.block(blocks_.peek(), k, layout.first_part(k), Layout::r_or_joined);
    copy_upper<T>(operand(corner), part(operand(work), c.begin, size, c.begin, c.size()));
  }
  return store<T>(on, work, r);
}

template <class T>
Report Qr<T>::apply_in_place(const PoolWith& on, Array<T, 2>& c, bool transposed) const {
  const Layout layout(rows(), columns());
  const Tiles<T> tiles{c.peek(), layout.side()};
  GraphOfColumns<T> graph(layout, tiles);
  for (std::size_t step = 0; step < layout.panels(); ++step)
    for (std::size_t j = 0; j < tiles.across(); ++j)
      graph.reflect(transposed ? step : layout.panels() - 1 - step, j, !transposed,
                    [](std::size_t, bool) {});
  return tine::run(
      on, graph.graph(),
      [layout, transposed, isa = isa_for(layout.side())](const Step& step, const View<T, 2>& to,
                                                         const View<const T, 2>& factors,
                                                         const View<const T, 2>& blocks) {
        reflect_step<T>(step, TileKernels<T>(isa), layout, factors, blocks,
                        Tiles<T>{to, layout.side()}, transposed);
      },
      tine::inout(c), tine::whole(factors_), tine::whole(blocks_));
}

template <class T>
Report Qr<T>::apply(const PoolWith& on, const Operand<T>& given, bool transposed) const {
  const Operand<T> c = column(given, rows());
  if (c.rows != rows())
    refuse("Qr::multiply_q",
           "q has " + std::to_string(rows()) + " rows, but the matrix is " + shape(c));
  if (c.empty() || columns() == 0) return {};
  return change_copy<T>(on, c, c, [&](const PoolWith& next, Array<T, 2>& work) {
    return apply_in_place(next, work, transposed);
  });
}

template <class T>
Report Qr<T>::make_q(const PoolWith& on, const Operand<T>& q) const {
  if (q.rows != rows() || q.columns > rows())
    refuse("Qr::q", "q has " + std::to_string(rows()) +
                        " rows and at most as many columns, but the "
                        "result is " +
                        shape(q));
  if (q.empty()) return {};
  auto work = on.pool.array<T>(q.rows, q.columns);
  for (std::size_t i = 0; i < q.columns; ++i) work(i, i) = T(1);
  JobSequence jobs(without_quarantine(on));
  if (columns() != 0)
    jobs.run([&](const PoolWith& next) { return apply_in_place(next, work, false); });
  jobs.run([&](const PoolWith& next) { return store<T>(next, work, q); });
  return jobs.finish();
}

template class Qr<float>;
template class Qr<double>;

}  // namespace tine::matrix
