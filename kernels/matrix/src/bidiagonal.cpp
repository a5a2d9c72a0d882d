#include "bidiagonal.hpp"

#include <algorithm>

#include "columns.hpp"
#include "isa_variants.hpp"
#include "tile_product.hpp"
#include "tiling.hpp"

namespace tine::matrix {

namespace {

/// What the jobs of one column, or one block, need to know.
struct Step {
  Isa isa;
  std::size_t row, column;  ///< where what is left begins
};

std::size_t band_count(std::size_t rows) {
  return std::clamp<std::size_t>(rows / 32, 1, 16);
}
std::size_t band_grain(std::size_t rows) {
  return (rows - 1) / band_count(rows) + 1;
}

template <class T>
class Reduction {
 public:
  Reduction(Jobs& jobs, const View<T, 2>& a, Reflectors<T>& q, Reflectors<T>& p)
      : jobs_(jobs),
        a_(a),
        q_(q),
        p_(p),
        m_(a.extent(0)),
        n_(a.extent(1)),
        step_(jobs.pool.array<Step>(1)),
        left_(jobs.pool.array<T>(2 * block, m_)),
        right_(jobs.pool.array<T>(2 * block, n_)),
        sums_(jobs.pool.array<T>(band_count(m_), n_)),
        product_(jobs.pool.array<T>(m_)),
        column_(m_),
        row_(n_),
        x_(2 * block) {
    step_[0].isa = isa_for(block);
    columns_ = columns_for<T>(step_[0].isa);
  }

  Bidiagonal run() {
    for (std::size_t begin = 0; begin < n_; begin += block) {
      const std::size_t end = std::min(begin + block, n_);
      for (std::size_t j = begin; j < end; ++j) {
        reduce_column(j, j - begin);
        if (j + 1 < n_) reduce_row(j, j - begin);
      }
      if (end < n_) update(end);
    }
    return std::move(result_);
  }

 private:
  // What is to be taken off the rest is V Y' + X U': with v and u of the reflectors. V and X are the rows
  // of `left_`, Y and U those of `right_`.
  T* v(std::size_t i) { return left_.data() + i * m_; }
  T* x(std::size_t i) { return v(block + i); }
  T* y(std::size_t i) { return right_.data() + i * n_; }
  T* u(std::size_t i) { return y(block + i); }

  void reduce_column(std::size_t j, std::size_t i) {
    const std::size_t below = m_ - j, first = j + 1, after = n_ - first;
    T* column = column_.data() + j;
    for (std::size_t r = 0; r < below; ++r) column[r] = a_(j + r, j);
    for (std::size_t k = 0; k < i; ++k) {
      x_[k] = y(k)[j];
      x_[block + k] = u(k)[j];
    }
    columns_.add(v(0) + j, m_, below, i, x_.data(), T(-1), column);
    columns_.add(x(0) + j, m_, below, i, x_.data() + block, T(-1), column);
    const auto [beta, tau] = make_reflector(column, below);
    result_.diagonal.push_back(static_cast<double>(beta));
    q_.tau[j] = tau;
    for (T* to : {v(i), q_.v.data() + j * m_}) std::copy_n(column, below, to + j);
    T* sum = y(i) + first;
    std::fill_n(sum, after, T(0));
    if (tau == T(0) || after == 0) return;

    // y = tau * (a' v - Y V' v - U X' v)
    multiply_columns(j, first, i);
    const T one = 1;
    for (std::size_t band = 0; band * band_grain(below) < below; ++band)
      columns_.add(&sums_(band, first), 0, after, 1, &one, T(1), sum);
    columns_.dots(v(0) + j, m_, below, i, column, x_.data());
    columns_.dots(x(0) + j, m_, below, i, column, x_.data() + block);
    columns_.add(y(0) + first, n_, after, i, x_.data(), T(-1), sum);
    columns_.add(u(0) + first, n_, after, i, x_.data() + block, T(-1), sum);
    for (std::size_t c = 0; c < after; ++c) sum[c] *= tau;
  }

  void reduce_row(std::size_t j, std::size_t i) {
    const std::size_t first = j + 1, after = n_ - first, below = m_ - first;
    T* row = row_.data() + first;
    std::copy_n(&a_(j, first), after, row);
    for (std::size_t k = 0; k <= i; ++k) {
      x_[k] = v(k)[j];
      x_[block + k] = x(k)[j];
    }
    columns_.add(y(0) + first, n_, after, i + 1, x_.data(), T(-1), row);
    columns_.add(u(0) + first, n_, after, i, x_.data() + block, T(-1), row);
    const auto [beta, tau] = make_reflector(row, after);
    result_.above.push_back(static_cast<double>(beta));
    p_.tau[j] = tau;
    for (T* to : {u(i), p_.v.data() + j * n_}) std::copy_n(row, after, to + first);
    T* product = x(i) + first;
    std::fill_n(product, below, T(0));
    if (tau == T(0) || below == 0) return;

    // x = tau * (a u - V Y' u - X U' u)
    multiply_rows(first, i);
    std::copy_n(product_.data() + first, below, product);
    columns_.dots(y(0) + first, n_, after, i + 1, row, x_.data());
    columns_.dots(u(0) + first, n_, after, i, row, x_.data() + block);
    columns_.add(v(0) + first, m_, below, i + 1, x_.data(), T(-1), product);
    columns_.add(x(0) + first, m_, below, i, x_.data() + block, T(-1), product);
    for (std::size_t r = 0; r < below; ++r) product[r] *= tau;
  }

  // What bands of rows add to a' v, from row `top` and column `first` on.
  void multiply_columns(std::size_t top, std::size_t first, std::size_t i) {
    step_[0].row = top;
    step_[0].column = first;
    const std::size_t bands = (m_ - top - 1) / band_grain(m_ - top) + 1;
    jobs_.run(
        {.n = bands},
        [](const Slice& s, const View<T, 2>& sum, std::span<const Step> steps,
           const View<const T, 2>& a, const View<const T, 2>& v) {
          const auto& [isa, row, column] = steps[0];
          const std::size_t rows = a.extent(0) - row, columns = a.extent(1) - column;
          const std::size_t begin = s.index * band_grain(rows);
          const std::size_t count = std::min(band_grain(rows), rows - begin);
          std::fill_n(&sum(0, column), columns, T(0));
          columns_for<T>(isa).add(&a(row + begin, column), a.stride(0), columns, count,
                                  &v(0, row + begin), T(1), &sum(0, column));
        },
        tine::out(sums_.peek().part(0, 0, bands)), tine::whole(step_), tine::whole(a_),
        tine::whole(View<const T, 2>(v(i), {1, m_})));
  }

  // a u, in bands of rows, from `first` on.
  void multiply_rows(std::size_t first, std::size_t i) {
    step_[0].row = step_[0].column = first;
    jobs_.run(
        {.n = m_ - first, .grain = band_grain(m_ - first)},
        [](const Slice& s, std::span<T> product, std::span<const Step> steps,
           const View<const T, 2>& a, const View<const T, 2>& u) {
          const auto& [isa, row, column] = steps[0];
          columns_for<T>(isa).dots(&a(row + s.begin, column), a.stride(0), a.extent(1) - column,
                                   s.size(), &u(0, column), product.data());
        },
        tine::out(product_.peek().part(0, first, m_ - first)), tine::whole(step_), tine::whole(a_),
        tine::whole(View<const T, 2>(u(i), {1, n_})));
  }

  // a = a - V Y' - X U', from row and column `begin` on.
  void update(std::size_t begin) {
    step_[0].row = step_[0].column = begin;
    const View<T, 2> rest = a_.part(0, begin, m_ - begin).part(1, begin, n_ - begin);
    jobs_.run(
        result_tiles(m_ - begin, n_ - begin),
        [](const Slice& s, const View<T, 2>& tile, std::span<const Step> steps,
           const View<const T, 2>& left, const View<const T, 2>& right) {
          const auto& [isa, row, column] = steps[0];
          tile_product<T>(isa)(
              {&left(0, row + s.begin), s.size(), 2 * block, left.stride(0), false},
              {&right(0, column + s.columns.begin), 2 * block, s.columns.size(), right.stride(0),
               true},
              T(-1), T(1), tile.data(), tile.stride(0));
        },
        tine::inout(rest), tine::whole(step_), tine::whole(left_), tine::whole(right_));
  }

  Jobs& jobs_;
  const View<T, 2> a_;
  Reflectors<T>&q_, &p_;
  const std::size_t m_, n_;
  Columns<T> columns_;
  Array<Step> step_;
  Array<T, 2> left_, right_, sums_;
  Array<T> product_;
  std::vector<T> column_, row_, x_;
  Bidiagonal result_;
};

}  // namespace

template <class T>
Bidiagonal bidiagonalise(Jobs& jobs, const View<T, 2>& a, Reflectors<T>& q, Reflectors<T>& p) {
  return Reduction<T>(jobs, a, q, p).run();
}
template Bidiagonal bidiagonalise(Jobs&, const View<float, 2>&, Reflectors<float>&,
                                  Reflectors<float>&);
template Bidiagonal bidiagonalise(Jobs&, const View<double, 2>&, Reflectors<double>&,
                                  Reflectors<double>&);

}  // namespace tine::matrix
