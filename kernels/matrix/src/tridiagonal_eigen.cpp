#include "tridiagonal_eigen.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include <Eigen/Eigenvalues>

#include "secular.hpp"

namespace tine::matrix {

namespace {

constexpr std::size_t largest_leaf = 32;

/// The eigenproblem of a small tridiagonal matrix, by QL.
auto solve_small(std::span<const double> diagonal, std::span<const double> beside, int options) {
  const auto vector = [](std::span<const double> of) {
    return Eigen::Map<const Eigen::VectorXd>(of.data(), static_cast<Eigen::Index>(of.size()));
  };
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(vector(diagonal), vector(beside), options);
  if (solver.info() != Eigen::Success)
    throw std::runtime_error("the QL algorithm did not converge");
  return solver;
}

/// Turns two columns of the eigenvectors so that one of them needs no more than to be kept.
struct Rotation {
  std::size_t a, b;
  double cosine, sine;
};

/// How the halves of a part of the matrix become the whole, in numbers that count from its begin.
struct Merge {
  std::size_t middle = 0;
  double rho = 0;
  std::vector<Rotation> rotations{};
  std::vector<std::size_t> kept{};   ///< columns that stay as they are
  std::vector<std::size_t> mixed{};  ///< others, ascending by d: first those of the upper half
  std::vector<double> d{}, z{};      ///< of those that are mixed, ascending
  std::vector<std::size_t> place{};  ///< in `d` and `z`, of each that is mixed
  std::size_t upper_only = 0,
              upper = 0;  ///< of those mixed: zero in the lower half, not only there
};

/// What the jobs of a merge need to know beside their arrays.
struct Task {
  std::size_t size, middle, rotations, kept, mixed, upper_only, upper, skipped;
  double rho;
};

/// Which columns can be kept: where z is nothing, or where two of d are nearly the same, so that z can be
/// turned to be nothing for one of them. `values` and `z` are those of all columns.
Merge deflate(std::vector<double>& values, std::vector<double> z, std::size_t middle, double rho,
              double epsilon) {
  Merge m{.middle = middle, .rho = rho};
  const std::size_t size = values.size();
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return values[a] < values[b] || (values[a] == values[b] && a < b);
  });
  double largest = 0;
  for (std::size_t i = 0; i < size; ++i)
    largest = std::max({largest, std::abs(values[i]), std::abs(z[i])});
  const double nothing = 8 * epsilon * largest;
  enum Where : char { above, both, below };
  std::vector<Where> where(size);
  for (std::size_t i = 0; i < size; ++i) where[i] = i < middle ? above : below;
  std::vector<std::size_t> mixed;
  for (const std::size_t next : order) {
    if (rho * std::abs(z[next]) <= nothing) {
      m.kept.push_back(next);
      continue;
    }
    if (!mixed.empty()) {
      const std::size_t last = mixed.back();
      const double length = std::hypot(z[last], z[next]);
      const double c = z[next] / length, s = -z[last] / length;
      if (std::abs((values[next] - values[last]) * c * s) <= nothing) {
        m.rotations.push_back({last, next, c, s});
        z[next] = length;
        const double of_last = values[last], of_next = values[next];
        values[last] = of_last * c * c + of_next * s * s;
        values[next] = of_last * s * s + of_next * c * c;
        if (where[last] != where[next]) where[next] = both;
        m.kept.push_back(last);
        mixed.pop_back();
      }
    }
    mixed.push_back(next);
  }
  for (const std::size_t column : mixed) {
    m.d.push_back(values[column]);
    m.z.push_back(z[column]);
  }
  m.place.resize(mixed.size());
  std::iota(m.place.begin(), m.place.end(), 0);
  std::ranges::stable_sort(m.place, {}, [&](std::size_t i) { return where[mixed[i]]; });
  for (const std::size_t i : m.place) {
    m.mixed.push_back(mixed[i]);
    m.upper_only += where[mixed[i]] == above;
    m.upper += where[mixed[i]] != below;
  }
  return m;
}

template <class T>
class DivideAndConquer {
 public:
  DivideAndConquer(Jobs& jobs, Tridiagonal matrix, std::size_t wanted)
      : jobs_(jobs),
        n_(matrix.diagonal.size()),
        wanted_(wanted),
        leaf_((n_ - 1) / std::bit_ceil((n_ - 1) / largest_leaf + 1) + 1),
        beside_(std::move(matrix.beside)),
        values_(std::move(matrix.diagonal)),
        from_(jobs.pool.array<T>(n_, n_)),
        to_(jobs.pool.array<T>(n_, n_)),
        packed_(jobs.pool.array<T>(n_, n_)),
        inner_(jobs.pool.array<T>(n_, n_)),
        task_(jobs.pool.array<Task>(1)),
        rotations_(jobs.pool.array<Rotation>(n_)),
        columns_(jobs.pool.array<std::size_t>(n_)),
        place_(jobs.pool.array<std::size_t>(n_)),
        d_(jobs.pool.array<double>(n_)),
        z_(jobs.pool.array<double>(n_)),
        consistent_(jobs.pool.array<double>(n_)),
        roots_(jobs.pool.array<SecularRoot>(n_)) {}

  TridiagonalEigen<T> run() {
    solve_leaves();
    for (std::size_t half = leaf_; half < n_; half *= 2) {
      for (std::size_t begin = 0; begin < n_; begin += 2 * half)
        merge(begin, std::min(begin + half, n_), std::min(begin + 2 * half, n_));
      from_.swap(to_);
    }
    std::vector<std::size_t> order(values_.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return values_[i]; });
    order.erase(order.begin(), order.end() - static_cast<std::ptrdiff_t>(wanted_));
    return {std::move(values_), std::move(order), std::move(from_)};
  }

 private:
  Pool& pool() { return jobs_.pool; }

  // The matrix is torn between leaves: what is left there is a matrix of rank one.
  void solve_leaves() {
    for (std::size_t i = leaf_; i < n_; i += leaf_) {
      values_[i - 1] -= std::abs(beside_[i - 1]);
      values_[i] -= std::abs(beside_[i - 1]);
    }
    const auto diagonal = pool().array_from(values_);
    beside_.push_back(0);  // so that it can be cut as the diagonal is
    const auto beside = pool().array_from(beside_);
    auto values = pool().template array<double>(n_);
    jobs_.run(
        {.n = n_, .grain = leaf_},
        [](const Slice& s, const View<T, 2>& rows, std::span<double> found,
           std::span<const double> d, std::span<const double> e) {
          const auto solver = solve_small(d, e.first(s.size() - 1), Eigen::ComputeEigenvectors);
          for (std::size_t y = 0; y < s.size(); ++y) {
            const auto at = static_cast<Eigen::Index>(y);
            found[y] = solver.eigenvalues()[at];
            for (std::size_t x = 0; x < s.size(); ++x)
              rows(y, s.begin + x) =
                  static_cast<T>(solver.eigenvectors()(at, static_cast<Eigen::Index>(x)));
          }
        },
        tine::out(from_), tine::out(values), tine::in(diagonal), tine::in(beside));
    std::ranges::copy(values, values_.begin());
  }

  void merge(std::size_t begin, std::size_t middle, std::size_t end) {
    const std::size_t size = end - begin;
    double rho = 0;
    std::vector<double> z(size);
    if (middle < end) {  // of length 1
      const double beside = beside_[middle - 1], share = std::sqrt(0.5);
      const double below = beside < 0 ? -share : share;
      const T *last = &from_(middle - 1, begin), *first = &from_(middle, begin);
      for (std::size_t x = 0; x < middle - begin; ++x) z[x] = share * static_cast<double>(last[x]);
      for (std::size_t x = middle - begin; x < size; ++x)
        z[x] = below * static_cast<double>(first[x]);
      rho = 2 * std::abs(beside);
    }
    std::vector<double> values(values_.begin() + static_cast<std::ptrdiff_t>(begin),
                               values_.begin() + static_cast<std::ptrdiff_t>(end));
    const Merge m = deflate(values, std::move(z), middle - begin, rho,
                            static_cast<double>(std::numeric_limits<T>::epsilon()));
    const std::size_t mixed = m.mixed.size();

    task_[0] = {.size = size,
                .middle = m.middle,
                .rotations = m.rotations.size(),
                .kept = m.kept.size(),
                .mixed = mixed,
                .upper_only = m.upper_only,
                .upper = m.upper,
                .skipped = 0,
                .rho = rho};
    std::ranges::copy(m.rotations, rotations_.begin());
    std::ranges::copy(m.kept, std::ranges::copy(m.mixed, columns_.begin()).out);
    std::ranges::copy(m.place, place_.begin());
    std::ranges::copy(m.d, d_.begin());
    std::ranges::copy(m.z, z_.begin());

    std::vector<double> merged;
    if (mixed > 0) {
      find_roots(mixed);
      for (std::size_t i = 0; i < mixed; ++i)
        merged.push_back(d_[roots_[i].origin] + roots_[i].distance);
    }
    for (const std::size_t column : m.kept) merged.push_back(values[column]);
    if (size == n_) task_[0].skipped = skip(merged, mixed);
    const std::size_t skipped = task_[0].skipped, columns = mixed - skipped;

    gather(begin, size);
    if (columns > 0) {
      make_inner(mixed, columns);
      const auto part = [](auto& of, std::size_t y, std::size_t rows, std::size_t x,
                           std::size_t wide) {
        return of.peek().part(0, y, rows).part(1, x, wide);
      };
      // What is zero is left out: above, the columns of the lower half only, and below, the others.
      const auto multiply = [&](std::size_t row, std::size_t rows, std::size_t first,
                                std::size_t count) {
        if (rows == 0) return;
        const auto inner = operand(part(inner_, 0, columns, first, count)).transposed();
        jobs_.multiply(part(packed_, begin + row, rows, 0, count), inner,
                       part(to_, begin + row, rows, begin, columns));
      };
      multiply(0, m.middle, 0, m.upper);
      multiply(m.middle, size - m.middle, m.upper_only, mixed - m.upper_only);
    }
    merged.erase(merged.begin(), merged.begin() + static_cast<std::ptrdiff_t>(skipped));
    if (size == n_)
      values_ = std::move(merged);
    else
      std::ranges::copy(merged, values_.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  // How many of the mixed, which ascend, are not among the largest that are wanted.
  std::size_t skip(const std::vector<double>& merged, std::size_t mixed) const {
    std::vector<std::size_t> order(merged.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return merged[i]; });
    order.resize(n_ - wanted_);
    return static_cast<std::size_t>(
        std::ranges::count_if(order, [&](std::size_t i) { return i < mixed; }));
  }

  void find_roots(std::size_t mixed) {
    const auto first = [](auto& of, std::size_t count) {
      return View<typename std::remove_reference_t<decltype(of)>::element_type>(of.data(), {count});
    };
    const View<const double> d = first(d_, mixed), z = first(z_, mixed);
    const Partition few = slices(mixed, std::clamp<std::size_t>(mixed / 32, 4, 64));
    jobs_.run(
        few,
        [](const Slice& s, std::span<SecularRoot> roots, std::span<const Task> task,
           std::span<const double> poles, std::span<const double> weights) {
          const RankOneUpdate update{poles, weights, task[0].rho};
          for (std::size_t i = 0; i < s.size(); ++i) roots[i] = secular_root(update, s.begin + i);
        },
        tine::out(first(roots_, mixed)), tine::whole(task_), tine::whole(d), tine::whole(z));
    jobs_.run(
        few,
        [](const Slice& s, std::span<double> consistent, std::span<const Task> task,
           std::span<const double> poles, std::span<const double> weights,
           std::span<const SecularRoot> roots) {
          const RankOneUpdate update{poles, weights, task[0].rho};
          for (std::size_t i = 0; i < s.size(); ++i)
            consistent[i] = consistent_z(update, roots, s.begin + i);
        },
        tine::out(first(consistent_, mixed)), tine::whole(task_), tine::whole(d), tine::whole(z),
        tine::whole(View<const SecularRoot>(first(roots_, mixed))));
  }

  // Of the halves' eigenvectors, those that are kept go to their place, and those that will be mixed are
  // packed.
  void gather(std::size_t begin, std::size_t size) {
    const auto part = [&](Array<T, 2>& of) { return of.peek().part(0, begin, size); };
    jobs_.run(
        {.n = size, .grain = 32},
        [](const Slice& s, const View<T, 2>& to, const View<T, 2>& packed,
           const View<const T, 2>& from, std::span<const Task> tasks,
           std::span<const Rotation> rotations, std::span<const std::size_t> columns) {
          const Task& t = tasks[0];
          std::vector<T> row(t.size);
          for (std::size_t y = 0; y < s.size(); ++y) {
            const bool upper = s.begin + y < t.middle;
            const std::size_t first = upper ? 0 : t.middle, end = upper ? t.middle : t.size;
            std::ranges::fill(row, T(0));
            std::copy_n(&from(y, first), end - first,
                        row.begin() + static_cast<std::ptrdiff_t>(first));
            for (const Rotation& r : rotations.first(t.rotations)) {
              const T a = row[r.a], b = row[r.b];
              const T c = static_cast<T>(r.cosine), sine = static_cast<T>(r.sine);
              row[r.a] = c * a + sine * b;
              row[r.b] = c * b - sine * a;
            }
            const auto mixed = upper ? columns.first(t.upper)
                                     : columns.subspan(t.upper_only, t.mixed - t.upper_only);
            for (std::size_t x = 0; x < mixed.size(); ++x) packed(y, x) = row[mixed[x]];
            T* kept = &to(y, t.mixed - t.skipped);
            for (std::size_t x = 0; x < t.kept; ++x) kept[x] = row[columns[t.mixed + x]];
          }
        },
        tine::out(part(to_).part(1, begin, size)), tine::out(part(packed_)),
        tine::in(part(from_).part(1, begin, size)), tine::whole(task_), tine::whole(rotations_),
        tine::whole(columns_));
  }

  // The eigenvectors of the sum, as rows, in the order in which columns were packed.
  void make_inner(std::size_t mixed, std::size_t columns) {
    jobs_.run(
        {.n = columns, .grain = std::clamp<std::size_t>(columns / 32, 4, 32)},
        [](const Slice& s, const View<T, 2>& inner, std::span<const Task> tasks,
           std::span<const std::size_t> place, std::span<const double> d, std::span<const double> z,
           std::span<const SecularRoot> roots) {
          const std::size_t n = tasks[0].mixed;
          std::vector<double> packed_d(n), packed_z(n), row(n);
          for (std::size_t i = 0; i < n; ++i) {
            packed_d[i] = d[place[i]];
            packed_z[i] = z[place[i]];
          }
          for (std::size_t y = 0; y < s.size(); ++y) {
            const SecularRoot root = roots[tasks[0].skipped + s.begin + y];
            const double origin = d[root.origin];
            double squares = 0;
#pragma omp simd reduction(+ : squares)
            for (std::size_t i = 0; i < n; ++i) {
              row[i] = packed_z[i] / ((packed_d[i] - origin) - root.distance);
              squares += row[i] * row[i];
            }
            const double scale = 1 / std::sqrt(squares);
            T* to = &inner(y, 0);
            for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<T>(scale * row[i]);
          }
        },
        tine::out(inner_.peek().part(0, 0, columns).part(1, 0, mixed)), tine::whole(task_),
        tine::whole(place_), tine::whole(d_), tine::whole(consistent_), tine::whole(roots_));
  }

  Jobs& jobs_;
  const std::size_t n_, wanted_, leaf_;
  std::vector<double> beside_, values_;
  Array<T, 2> from_, to_, packed_, inner_;
  Array<Task> task_;
  Array<Rotation> rotations_;
  Array<std::size_t> columns_, place_;
  Array<double> d_, z_, consistent_;
  Array<SecularRoot> roots_;
};

}  // namespace

template <class T>
TridiagonalEigen<T> tridiagonal_eigen(Jobs& jobs, Tridiagonal matrix, std::size_t wanted) {
  return DivideAndConquer<T>(jobs, std::move(matrix), wanted).run();
}
template TridiagonalEigen<float> tridiagonal_eigen(Jobs&, Tridiagonal, std::size_t);
template TridiagonalEigen<double> tridiagonal_eigen(Jobs&, Tridiagonal, std::size_t);

std::vector<double> tridiagonal_eigenvalues(Jobs& jobs, const Tridiagonal& matrix,
                                            std::size_t wanted) {
  const std::size_t n = matrix.diagonal.size();
  // Where all of them are: Gershgorin's circles.
  double bound = 0;
  std::vector<double> squares{0};
  for (std::size_t i = 0; i < n; ++i) {
    const double left = i == 0 ? 0 : std::abs(matrix.beside[i - 1]);
    const double right = i + 1 == n ? 0 : std::abs(matrix.beside[i]);
    bound = std::max(bound, std::abs(matrix.diagonal[i]) + left + right);
    squares.push_back(right * right);
  }
  const auto diagonal = jobs.pool.array_from(matrix.diagonal);
  const auto beside = jobs.pool.array_from(squares);
  const double limits[] = {bound, static_cast<double>(n - wanted)};  // and how many are left out
  const auto shared = jobs.pool.array_from(limits);
  auto values = jobs.pool.array<double>(wanted);
  static constexpr std::size_t lanes = 16;
  jobs.run(
      {.n = wanted, .grain = lanes},
      [](const Slice& s, std::span<double> to, std::span<const double> d, std::span<const double> e,
         std::span<const double> limit) {
        constexpr double nothing = std::numeric_limits<double>::min();
        double low[lanes], high[lanes], middle[lanes], pivot[lanes], below[lanes];
        std::fill_n(low, lanes, -limit[0]);
        std::fill_n(high, lanes, limit[0]);
        for (int step = 0; step < 56; ++step) {
          for (std::size_t l = 0; l < lanes; ++l) {
            middle[l] = low[l] + (high[l] - low[l]) / 2;
            pivot[l] = 1;
            below[l] = 0;
          }
          // Of d - middle, as many pivots are negative as eigenvalues are below.
          for (std::size_t i = 0; i < d.size(); ++i) {
#pragma omp simd
            for (std::size_t l = 0; l < lanes; ++l) {
              const double next = d[i] - middle[l] - e[i] / pivot[l];
              pivot[l] = std::abs(next) < nothing ? -nothing : next;
              below[l] += pivot[l] < 0 ? 1 : 0;
            }
          }
          for (std::size_t l = 0; l < lanes; ++l)
            (below[l] > limit[1] + static_cast<double>(s.begin + l) ? high : low)[l] = middle[l];
        }
        std::copy_n(high, to.size(), to.begin());
      },
      tine::out(values), tine::whole(diagonal), tine::whole(beside), tine::whole(shared));
  return {values.begin(), values.end()};
}

}  // namespace tine::matrix
