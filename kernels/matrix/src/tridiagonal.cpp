#include "tridiagonal.hpp"

#include <algorithm>
#include <cmath>

#include "columns.hpp"
#include "isa_variants.hpp"
#include "tile_product.hpp"
#include "tiling.hpp"

namespace tine::matrix {

namespace {

/// What the jobs of one column, or one block, need to know.
struct Step {
  Isa isa;
  std::size_t begin;  ///< of the rows and columns that are left
};

/// Bands of a triangle of n rows.
std::size_t band_count(std::size_t n) {
  return std::clamp<std::size_t>(n / 64, 1, 16);
}

/// The rows of one of them: each has about as many elements as the others.
Range band_rows(std::size_t n, std::size_t index) {
  const std::size_t count = band_count(n);
  const auto edge = [&](std::size_t k) {
    if (k == count) return n;
    const double share = std::sqrt(static_cast<double>(k) / static_cast<double>(count));
    return static_cast<std::size_t>(share * static_cast<double>(n)) / 4 * 4;
  };
  return {edge(index), edge(index + 1)};
}

template <class T>
class Reduction {
 public:
  Reduction(Jobs& jobs, Array<T, 2>& a, Reflectors<T>& q)
      : jobs_(jobs),
        a_(a),
        q_(q),
        n_(a.extent(0)),
        step_(jobs.pool.array<Step>(1)),
        panel_(jobs.pool.array<T>(3 * block, n_)),
        products_(jobs.pool.array<T>(band_count(n_), n_)),
        w_(n_),
        x_(2 * block) {
    step_[0].isa = isa_for(block);
    columns_ = columns_for<T>(step_[0].isa);
  }

  Tridiagonal run() {
    for (std::size_t begin = 0; begin < n_; begin += block) {
      const std::size_t end = std::min(begin + block, n_);
      for (std::size_t j = begin; j < end; ++j) reduce_column(j, j - begin);
      if (end < n_) update(end);
    }
    return std::move(result_);
  }

 private:
  // The panel's rows are the columns v and w of what is to be taken off the rest, V W' + W V': V, W, and
  // V once more, so that [V W] and [W V] are both there.
  T* v(std::size_t i) { return panel_.data() + i * n_; }
  T* w(std::size_t i) { return v(block + i); }

  void reduce_column(std::size_t j, std::size_t i) {
    // The column, without what earlier columns of the block have taken off it.
    T* column = w_.data();
    const T* a = a_.data();
    const std::size_t below = n_ - j;
    for (std::size_t r = j; r < n_; ++r) column[r] = a[r * n_ + j];
    for (std::size_t k = 0; k < i; ++k) {
      x_[k] = w(k)[j];
      x_[block + k] = v(k)[j];
    }
    columns_.add(v(0) + j, n_, below, i, x_.data(), T(-1), column + j);
    columns_.add(w(0) + j, n_, below, i, x_.data() + block, T(-1), column + j);
    result_.diagonal.push_back(static_cast<double>(column[j]));
    if (j + 1 == n_) return;

    const std::size_t first = j + 1, left = n_ - first;
    const auto [beta, tau] = make_reflector(column + first, left);
    result_.beside.push_back(static_cast<double>(beta));
    q_.tau[j] = tau;
    for (T* to : {v(i), v(2 * block + i), q_.v.data() + j * n_})
      std::copy_n(column + first, left, to + first);
    T* product = w(i) + first;
    std::fill_n(product, left, T(0));
    if (tau == T(0)) return;

    multiply(first, i);
    const T one = 1;
    for (std::size_t band = 0; band < band_count(left); ++band)
      columns_.add(&products_(band, 0), 0, band_rows(left, band).end, 1, &one, T(1), product);
    const T* reflector = v(i) + first;
    columns_.dots(w(0) + first, n_, left, i, reflector, x_.data());
    columns_.dots(v(0) + first, n_, left, i, reflector, x_.data() + block);
    columns_.add(v(0) + first, n_, left, i, x_.data(), T(-1), product);
    columns_.add(w(0) + first, n_, left, i, x_.data() + block, T(-1), product);
    T dot = 0;
    columns_.dots(product, 0, left, 1, reflector, &dot);
    const T shift = -tau * dot / 2;
    for (std::size_t r = 0; r < left; ++r) product[r] = tau * (product[r] + shift * reflector[r]);
  }

  // The products of what is left with the newest reflector, one for each band.
  void multiply(std::size_t first, std::size_t i) {
    step_[0].begin = first;
    const View<const T, 2> reflector(v(i), {1, n_});
    jobs_.run(
        {.n = band_count(n_ - first)},
        [](const Slice& s, const View<T, 2>& product, std::span<const Step> steps,
           const View<const T, 2>& a, const View<const T, 2>& x) {
          const std::size_t begin = steps[0].begin, left = a.extent(0) - begin;
          const auto [top, bottom] = band_rows(left, s.index);
          columns_for<T>(steps[0].isa)
              .symmetric(&a(begin, begin), a.stride(0), top, bottom, &x(0, begin), product.data());
        },
        tine::out(View<T, 2>(products_.data(), {band_count(n_ - first), n_})), tine::whole(step_),
        tine::whole(a_), tine::whole(reflector));
  }

  // a = a - V W' - W V', from row and column `begin` on.
  void update(std::size_t begin) {
    step_[0].begin = begin;
    const std::size_t left = n_ - begin;
    jobs_.run(
        triangle_tiles(left, triangle_side(left), Partition::Triangle::lower),
        [](const Slice& s, const View<T, 2>& tile, std::span<const Step> steps,
           const View<const T, 2>& panel) {
          const T* from = &panel(0, steps[0].begin);
          const std::size_t n = panel.stride(0);
          tile_product<T>(steps[0].isa)(
              {from + s.begin, s.size(), 2 * block, n, false},
              {from + block * n + s.columns.begin, 2 * block, s.columns.size(), n, true}, T(-1),
              T(1), tile.data(), tile.stride(0));
        },
        tine::inout(a_.view().part(0, begin, left).part(1, begin, left)), tine::whole(step_),
        tine::whole(panel_));
  }

  Jobs& jobs_;
  Array<T, 2>& a_;
  Reflectors<T>& q_;
  const std::size_t n_;
  Columns<T> columns_;
  Array<Step> step_;
  Array<T, 2> panel_, products_;
  std::vector<T> w_, x_;
  Tridiagonal result_;
};

}  // namespace

template <class T>
Tridiagonal tridiagonalise(Jobs& jobs, Array<T, 2>& a, Reflectors<T>& q) {
  return Reduction<T>(jobs, a, q).run();
}
template Tridiagonal tridiagonalise(Jobs&, Array<float, 2>&, Reflectors<float>&);
template Tridiagonal tridiagonalise(Jobs&, Array<double, 2>&, Reflectors<double>&);

}  // namespace tine::matrix
