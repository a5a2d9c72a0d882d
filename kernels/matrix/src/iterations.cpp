#include <tine/matrix/iterations.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "row_products.hpp"
#include "without_quarantine.hpp"

namespace tine::matrix {

std::string_view to_string(Ending ending) noexcept {
  switch (ending) {
    case Ending::converged:
      return "converged";
    case Ending::iteration_limit:
      return "the limit of iterations was reached";
    case Ending::not_positive_definite:
      return "the matrix is not positive definite";
    case Ending::zero_diagonal:
      return "the diagonal has a zero";
    case Ending::not_finite:
      return "numbers are not finite any more, or were not from the beginning";
    case Ending::stagnated:
      return "rounding keeps the residual from falling further";
  }
  return "?";
}

namespace {

/// What kernels need beside vectors; it travels in shared memory, as numbers in captures may look like
/// pointers.
struct Factors {
  double a = 0, b = 0;
};
using SharedFactors = std::span<const Factors>;

template <class T>
using Vector = Array<T, 1>;

/// The parts of an iteration that need no matrix are jobs over these.
Partition vector_slices(std::size_t n) {
  return slices(n, 16384);
}

void check_options(const IterationOptions& options, const char* function) {
  if (!(options.tolerance >= 0)) refuse(function, "the tolerance is negative or no number");
}
template <class T>
double tolerance_of(const IterationOptions& options) {
  return options.tolerance != 0 ? options.tolerance
                                : std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon()));
}

template <class Rows>
void check_shapes(const Rows& a, std::size_t b, std::size_t x, const char* function) {
  if (a.rows() == a.columns() && b == a.rows() && x == a.rows()) return;
  refuse(function, "the matrix is " + std::to_string(a.rows()) + " x " +
                       std::to_string(a.columns()) + ", the vectors have " + std::to_string(b) +
                       " and " + std::to_string(x) +
                       " adjacent elements, but should be n x n, n and n");
}

/// Calls `with` with the matrix as jobs take it.
template <class T, class F>
auto with_rows(Pool& pool, const detail::LinearOperator<T>& a, F with) {
  if (const auto* csr = std::get_if<const Csr<T>*>(&a)) return with(CsrRows<T>(pool, **csr));
  if (const auto* flat = std::get_if<const Stencil<T, 2>*>(&a))
    return with(GridRows<T>(pool, **flat));
  if (const auto* deep = std::get_if<const Stencil<T, 3>*>(&a))
    return with(GridRows<T>(pool, **deep));
  return with(DenseRows<T>(pool, std::get<Operand<const T>>(a)));
}

/// A vector that each job makes anew from the one before it. In place, each slice would have to be saved
/// first.
template <class T>
struct Renewed {
  Renewed(Pool& pool, std::size_t n) : now(pool.array<T>(n)), next(pool.array<T>(n)) {}
  Vector<T> now, next;
  void renew() { std::swap(now, next); }
};

// --- conjugate gradients

template <class T, class Rows>
class ConjugateGradient {
 public:
  ConjugateGradient(const PoolWith& on, const Rows& a, Operand<const T> b, Operand<T> x,
                    const IterationOptions& options)
      : pool_(on.pool),
        a_(a),
        options_(options),
        tolerance_(tolerance_of<T>(options)),
        jobs_(without_quarantine(on)),
        b_(on.pool, b),
        result_(on.pool, x, true),
        x_(on.pool, x.rows),
        r_(on.pool, x.rows),
        p_(on.pool, x.rows),
        q_(on.pool.array<T>(x.rows)),
        factors_(on.pool.array<Factors>(1)) {}

  Iterated solve() {
    const View<T> x(result_.view().data(), {q_.size()});
    scale_vector<T>(jobs_, pool_, x, x_.now.peek());
    how_.ending = iterate();
    scale_vector<T>(jobs_, pool_, x_.now.peek(), x);
    result_.finish();
    how_.report = jobs_.finish();
    return std::move(how_);
  }

 private:
  Ending iterate() {
    // A stencil has the same one everywhere.
    if constexpr (requires { a_.invert_diagonal(jobs_, d_); })
      if (options_.preconditioned) {
        d_ = pool_.array<T>(q_.size());
        a_.invert_diagonal(jobs_, d_);
        // The inverse of what is not there is infinite.
        if (!std::ranges::all_of(d_, [](T d) { return d > T(0) && std::isfinite(d); })) {
          how_.residual = std::numeric_limits<double>::quiet_NaN();
          return Ending::not_positive_definite;
        }
      }
    double squares_at_restart = std::numeric_limits<double>::infinity();
    for (;;) {
      Sums r = true_residual();
      const double norm_b = std::sqrt(r.third);
      how_.residual = std::sqrt(r.first) / norm_b;
      if (norm_b == 0) {
        std::ranges::fill(x_.now, T(0));
        how_.residual = 0;
        return Ending::converged;
      }
      if (!std::isfinite(norm_b) || !std::isfinite(r.first)) return Ending::not_finite;
      if (how_.residual <= tolerance_) return Ending::converged;
      if (how_.iterations >= options_.most_iterations) return Ending::iteration_limit;
      if (!(r.first <= squares_at_restart / 4)) return Ending::stagnated;
      squares_at_restart = r.first;

      const double goal = std::pow(tolerance_ * norm_b, 2);
      const bool small = a_.is_small() && vector_slices(q_.size()).size() <= 1;
      // Some milliseconds, so that a stop or a deadline is seen.
      const std::size_t in_a_job = 4000000 / (a_.work() + 8 * q_.size()) + 1;
      follow(0, 0);
      while (r.first > goal && how_.iterations < options_.most_iterations) {
        const std::size_t left = options_.most_iterations - how_.iterations;
        const Steps steps_made = small ? steps(r, std::min(left, in_a_job), goal) : step(r);
        how_.iterations += steps_made.count;
        r = steps_made.r;
        if (!std::isfinite(steps_made.curvature) || !std::isfinite(r.first))
          return bad_end(Ending::not_finite, norm_b);
        if (!(steps_made.curvature > 0)) return bad_end(Ending::not_positive_definite, norm_b);
      }
    }
  }

  Ending bad_end(Ending ending, double norm_b) {
    how_.residual = std::sqrt(true_residual().first) / norm_b;
    return ending;
  }

  // r = b - a * x: the sums of r * r, r * d * r and b * b.
  Sums true_residual() {
    const Sums sums = a_.for_rows(
        jobs_, View<const T>(x_.now.view()),
        [](const RowBlock<T>& rows, std::span<const T> b, std::span<T> r, std::span<const T> d) {
          T block[block_elements];
          const T* right = b.data() + rows.local;
          for (std::size_t i = 0; i < rows.count; ++i) block[i] = right[i] - rows.product[i];
          put(r.data() + rows.local, block, rows.count, streams<T>(rows.all));
          const double squares = dot(block, block, rows.count);
          return Sums{squares,
                      d.empty() ? squares : weighted(block, d.data() + rows.row, rows.count),
                      dot(right, right, rows.count)};
        },
        tine::in(b_.view()), tine::out(r_.next), tine::whole(d_));
    r_.renew();
    return sums;
  }

  // q = a * p: p * q.
  static Sums curve(const RowBlock<T>& rows, std::span<T> q) {
    put(q.data() + rows.local, rows.product, rows.count, streams<T>(rows.all));
    return {.first = dot(rows.product, rows.x + rows.row, rows.count)};
  }
  double multiply() {
    return a_
        .for_rows(
            jobs_, View<const T>(p_.now.view()),
            [](const RowBlock<T>& rows, std::span<T> q) { return curve(rows, q); }, tine::out(q_))
        .first;
  }

  // to = r - step * q: the sums of r * r and r * d * r. `to` may be r.
  static Sums shrink(std::size_t n, const T* r, const T* q, const T* d, T step, T* to,
                     bool past_caches) {
    Sums sums;
    T block[block_elements];
    for (std::size_t i = 0; i < n; i += block_elements) {
      const std::size_t count = std::min(block_elements, n - i);
      for (std::size_t k = 0; k < count; ++k) block[k] = r[i + k] - step * q[i + k];
      put(to + i, block, count, past_caches);
      const double squares = dot(block, block, count);
      sums = sums + Sums{squares, d == nullptr ? squares : weighted(block, d + i, count)};
    }
    end_streams();
    return sums;
  }
  Sums shrink(double step) {
    factors_[0] = {step, 0};
    const std::size_t n = q_.size();
    const Sums sums = jobs_.run([&](const PoolWith& next) {
      return reduce_slices(
          next, vector_slices(n), Sums{}, std::plus<>{},
          [](const Slice& s, std::span<const T> r, std::span<const T> q, std::span<T> to,
             std::span<const T> d, std::span<const T> all, SharedFactors factors) {
            return shrink(s.size(), r.data(), q.data(), d.empty() ? nullptr : d.data() + s.begin,
                          static_cast<T>(factors[0].a), to.data(), streams<T>(all.size()));
          },
          tine::in(r_.now), tine::in(q_), tine::out(r_.next), tine::whole(d_), tine::whole(q_),
          tine::whole(factors_));
    });
    r_.renew();
    return sums;
  }

  // to_x = x + step * p, to_p = d * r + keep * p. They may be x and p.
  static void follow(std::size_t n, const T* x, const T* p, const T* r, const T* d, T step, T keep,
                     T* to_x, T* to_p, bool past_caches) {
    T next_x[block_elements], next_p[block_elements];
    for (std::size_t i = 0; i < n; i += block_elements) {
      const std::size_t count = std::min(block_elements, n - i);
      for (std::size_t k = 0; k < count; ++k) next_x[k] = x[i + k] + step * p[i + k];
      if (d == nullptr)
        for (std::size_t k = 0; k < count; ++k) next_p[k] = r[i + k] + keep * p[i + k];
      else
        for (std::size_t k = 0; k < count; ++k) next_p[k] = d[i + k] * r[i + k] + keep * p[i + k];
      put(to_x + i, next_x, count, past_caches);
      put(to_p + i, next_p, count, past_caches);
    }
    end_streams();
  }
  void follow(double step, double keep) {
    factors_[0] = {step, keep};
    const std::size_t n = q_.size();
    jobs_.run([&](const PoolWith& next) {
      return for_each_slice(
          next, vector_slices(n),
          [](const Slice& s, std::span<const T> x, std::span<const T> p, std::span<const T> r,
             std::span<T> to_x, std::span<T> to_p, std::span<const T> d, std::span<const T> all,
             SharedFactors factors) {
            follow(s.size(), x.data(), p.data(), r.data(), d.empty() ? nullptr : d.data() + s.begin,
                   static_cast<T>(factors[0].a), static_cast<T>(factors[0].b), to_x.data(),
                   to_p.data(), streams<T>(all.size()));
          },
          tine::in(x_.now), tine::in(p_.now), tine::in(r_.now), tine::out(x_.next),
          tine::out(p_.next), tine::whole(d_), tine::whole(x_.now), tine::whole(factors_));
    });
    x_.renew();
    p_.renew();
  }

  /// What some iterations have come to.
  struct Steps {
    Sums r;
    double curvature = 0;  ///< of the last one
    std::size_t count = 0;
  };

  // One iteration, after which `r` is as small as it says.
  Steps step(const Sums& r) {
    const double curvature = multiply();
    if (!(curvature > 0 && std::isfinite(curvature))) return {r, curvature, 0};
    const double length = r.second / curvature;
    const Sums next = shrink(length);
    follow(length, next.second / r.second);
    return {next, curvature, 1};
  }

  // The same many times in one job, for a small problem: `most` iterations, or until r * r is `goal`.
  Steps steps(const Sums& first, std::size_t most, double goal) {
    struct Task {
      Sums r;
      std::size_t most;
      double goal;
    };
    const Task task{first, most, goal};
    const auto shared = pool_.array_from(std::span<const Task>(&task, 1));
    const std::size_t n = q_.size();
    const auto made = [n](Vector<T>& v) { return tine::out(View<T, 2>(v.peek().data(), {1, n})); };
    const Steps result = a_.template alone<Steps>(
        jobs_,
        [](const auto& product, std::span<const Task> tasks, std::span<const T> d,
           std::span<const T> old_x, std::span<const T> old_r, std::span<const T> old_p,
           const View<T, 2>& x, const View<T, 2>& r, const View<T, 2>& p, const View<T, 2>& q) {
          const std::size_t size = old_x.size();
          std::ranges::copy(old_x, x.data());
          std::ranges::copy(old_r, r.data());
          std::ranges::copy(old_p, p.data());
          const T* const scale = d.empty() ? nullptr : d.data();
          Steps done{.r = tasks[0].r};
          while (done.count < tasks[0].most && done.r.first > tasks[0].goal) {
            done.curvature = product(p.data(), [&](const RowBlock<T>& rows) {
                               return curve(rows, q.span());
                             }).first;
            if (!(done.curvature > 0 && std::isfinite(done.curvature))) break;
            const double length = done.r.second / done.curvature, before = done.r.second;
            done.r =
                shrink(size, r.data(), q.data(), scale, static_cast<T>(length), r.data(), false);
            follow(size, x.data(), p.data(), r.data(), scale, static_cast<T>(length),
                   static_cast<T>(done.r.second / before), x.data(), p.data(), false);
            ++done.count;
          }
          return done;
        },
        tine::whole(shared), tine::whole(d_), tine::whole(x_.now), tine::whole(r_.now),
        tine::whole(p_.now), made(x_.next), made(r_.next), made(p_.next), made(q_));
    x_.renew();
    r_.renew();
    p_.renew();
    return result;
  }

  static double weighted(const T* r, const T* d, std::size_t count) {
    return sum_of<double>(count, [=](std::size_t i) {
      return static_cast<double>(r[i]) * static_cast<double>(r[i]) * static_cast<double>(d[i]);
    });
  }

  Pool& pool_;
  const Rows& a_;
  const IterationOptions& options_;
  double tolerance_;
  JobSequence jobs_;
  SharedVector<T> b_;
  SharedOutput<T> result_;
  Renewed<T> x_, r_, p_;
  Vector<T> q_, d_;  // d: the inverse of the diagonal, if that is wanted
  Array<Factors> factors_;
  Iterated how_;
};

// --- Jacobi

/// What all ways to iterate have.
template <class T>
struct Jacobi {
  Jacobi(const PoolWith& on, Operand<const T> b, Operand<T> x, const IterationOptions& given)
      : pool(on.pool),
        jobs(without_quarantine(on)),
        right(pool, b),
        result(pool, x, true),
        first(result.view().data(), {x.rows}),
        iterate(pool, x.rows),
        options(given),
        tolerance(tolerance_of<T>(given)) {
    scale_vector<T>(jobs, pool, first, iterate.now.peek());
  }

  /// Whether these sums of squares, of the residual of the iterate and of b, end it.
  std::optional<Ending> judge(const Sums& sums) {
    if (sums.second == 0) {
      std::ranges::fill(iterate.now, T(0));
      return Ending::converged;
    }
    how.residual = std::sqrt(sums.first / sums.second);
    if (!std::isfinite(how.residual)) return Ending::not_finite;
    if (how.residual <= tolerance) return Ending::converged;
    if (how.iterations >= options.most_iterations) return Ending::iteration_limit;
    return {};
  }
  Iterated end(Ending ending) {
    how.ending = ending;
    scale_vector<T>(jobs, pool, iterate.now.peek(), first);
    result.finish();
    how.report = jobs.finish();
    return std::move(how);
  }
  Iterated end_at_zero_diagonal() {
    how.residual = std::numeric_limits<double>::quiet_NaN();
    return end(Ending::zero_diagonal);
  }

  Pool& pool;
  JobSequence jobs;
  const SharedVector<T> right;
  SharedOutput<T> result;
  const View<T> first;  // of the result, where it lies
  Renewed<T> iterate;
  const IterationOptions& options;
  const double tolerance;
  Iterated how;
};

/// x = x + (b - a * x) / diagonal, until the residual, which each job makes of the x before, is small.
template <class T, class Rows>
Iterated iterate_jacobi(const PoolWith& on, const Rows& a, Operand<const T> b, Operand<T> x,
                        const IterationOptions& options) {
  Jacobi<T> run(on, b, x, options);
  auto inverse = on.pool.array<T>(x.rows);
  a.invert_diagonal(run.jobs, inverse);
  if (std::ranges::any_of(inverse, [](T d) { return std::isinf(d); }))
    return run.end_at_zero_diagonal();
  for (;; ++run.how.iterations) {
    const Sums sums = a.for_rows(
        run.jobs, View<const T>(run.iterate.now.peek()),
        [](const RowBlock<T>& rows, std::span<const T> rhs, std::span<const T> d, std::span<T> to) {
          T residual[block_elements], block[block_elements];
          const T *wanted = rhs.data() + rows.local, *scale = d.data() + rows.local,
                  *old = rows.x + rows.row;
          for (std::size_t i = 0; i < rows.count; ++i) {
            residual[i] = wanted[i] - rows.product[i];
            block[i] = old[i] + residual[i] * scale[i];
          }
          put(to.data() + rows.local, block, rows.count, streams<T>(rows.all));
          return Sums{dot(residual, residual, rows.count), dot(wanted, wanted, rows.count)};
        },
        tine::in(run.right.view()), tine::in(inverse), tine::out(run.iterate.next));
    if (const auto ending = run.judge(sums)) return run.end(*ending);
    run.iterate.renew();
  }
}

/// The same for a stencil, in passes of several sweeps: the residual is that before the last one of them.
template <class T>
Iterated iterate_jacobi(const PoolWith& on, const GridRows<T>& a, Operand<const T> b, Operand<T> x,
                        const IterationOptions& options) {
  Jacobi<T> run(on, b, x, options);
  if (a.grid().coefficients.centre == T(0)) return run.end_at_zero_diagonal();
  for (;;) {
    // The sums of squares of the residual, and of b.
    const Sums sums = a.for_rows(
        run.jobs, View<const T>(run.iterate.now.peek()),
        [](const RowBlock<T>& rows, std::span<const T> rhs) {
          const T* wanted = rhs.data() + rows.local;
          return Sums{sum_of<double>(rows.count,
                                     [=, product = rows.product](std::size_t i) {
                                       const double r = static_cast<double>(wanted[i]) -
                                                        static_cast<double>(product[i]);
                                       return r * r;
                                     }),
                      dot(wanted, wanted, rows.count)};
        },
        tine::in(run.right.view()));
    if (const auto ending = run.judge(sums)) return run.end(*ending);

    for (double residual = run.how.residual;
         residual > run.tolerance && run.how.iterations < run.options.most_iterations;) {
      const std::size_t sweeps =
          std::min(sweeps_in_pass(a.grid()), run.options.most_iterations - run.how.iterations);
      const double squares = run.jobs.run([&](const PoolWith& next) {
        return reduce_slices(
            next, bands(a.grid(), sweeps), 0.0, std::plus<>{},
            [sweeps](const Slice& s, std::span<const T> old, std::span<const T> rhs,
                     std::span<T> fresh, std::span<const Grid<T>> grid) {
              return relax_band(grid[0], s.begin, s.end, sweeps, old.data(), rhs.data(),
                                fresh.data(), true);
            },
            tine::whole(run.iterate.now), tine::whole(run.right.view()),
            tine::out(run.iterate.next), tine::whole(a.shared()));
      });
      run.iterate.renew();
      run.how.iterations += sweeps;
      residual = std::sqrt(squares / sums.second);
    }
  }
}

// --- the power iteration

/// Numbers between -1 and 1 that depend on `i` alone (the finaliser of SplitMix64).
template <class T>
T arbitrary(std::uint64_t i) {
  std::uint64_t z = (i + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<T>(static_cast<double>(z >> 11) * 0x1p-52 - 1);
}

/// Each job makes w = a * v / |v| of the v before, and with it v' * w, w' * w, and how far w is from the
/// eigenvalue that was the best so far times v; from these follows how far it is from the new one.
template <class T, class Rows>
IteratedEigenpair iterate_power(const PoolWith& on, const Rows& a, Operand<T> v,
                                const IterationOptions& options) {
  Pool& pool = on.pool;
  const std::size_t n = v.rows;
  JobSequence jobs(without_quarantine(on));
  SharedOutput<T> result(pool, v, true);
  const View<T> first(result.view().data(), {n});
  Renewed<T> iterate(pool, n);
  auto factors = pool.array<Factors>(1);
  IteratedEigenpair how;
  scale_vector<T>(jobs, pool, first, iterate.now.peek());
  const auto squares = [&](const Vector<T>& of) {
    return jobs.run([&](const PoolWith& next) {
      return reduce_slices(
          next, vector_slices(n), 0.0, std::plus<>{},
          [](const Slice&, std::span<const T> x) { return dot(x.data(), x.data(), x.size()); },
          tine::in(of));
    });
  };
  double norm = std::sqrt(squares(iterate.now));
  if (norm == 0) {
    for (std::size_t i = 0; i < n; ++i) iterate.now[i] = arbitrary<T>(i);
    norm = std::sqrt(squares(iterate.now));
  }
  const auto end = [&](Ending ending) {
    how.ending = ending;
    scale_vector<T>(jobs, pool, iterate.now.peek(), first, norm > 0 ? 1 / norm : 1.0);
    result.finish();
    how.report = jobs.finish();
    return std::move(how);
  };
  if (n == 0) return end(Ending::converged);
  if (!std::isfinite(norm)) return end(Ending::not_finite);
  for (;; ++how.iterations) {
    factors[0] = {1 / norm, how.eigenvalue};
    const Sums sums = a.for_rows(
        jobs, View<const T>(iterate.now.peek()),
        [](const RowBlock<T>& rows, std::span<T> to, SharedFactors shared) {
          const double scale = shared[0].a, eigenvalue = shared[0].b;
          const T* const x = rows.x + rows.row;
          T block[block_elements];
          for (std::size_t i = 0; i < rows.count; ++i)
            block[i] = static_cast<T>(static_cast<double>(rows.product[i]) * scale);
          put(to.data() + rows.local, block, rows.count, streams<T>(rows.all));
          return Sums{scale * dot(x, block, rows.count), dot(block, block, rows.count),
                      sum_of<double>(rows.count, [&](std::size_t i) {
                        const double r = static_cast<double>(block[i]) -
                                         eigenvalue * scale * static_cast<double>(x[i]);
                        return r * r;
                      })};
        },
        tine::out(iterate.next), tine::whole(factors));
    const double change = sums.first - how.eigenvalue;
    how.eigenvalue = sums.first;
    // With |v| = 1, |w - l v|^2 = |w - m v|^2 + (m - l)^2, where m = v' * w.
    const double residual = std::sqrt(std::max(sums.third - change * change, 0.0));
    how.residual = residual == 0 ? 0 : residual / std::abs(how.eigenvalue);
    if (!std::isfinite(sums.second) || std::isnan(sums.first)) {
      how.residual = std::numeric_limits<double>::quiet_NaN();
      return end(Ending::not_finite);
    }
    if (how.residual <= tolerance_of<T>(options)) return end(Ending::converged);
    if (how.iterations >= options.most_iterations) return end(Ending::iteration_limit);
    iterate.renew();
    norm = std::sqrt(sums.second);
  }
}

}  // namespace

namespace detail {

template <class T>
Iterated conjugate_gradient(const PoolWith& on, const LinearOperator<T>& a, Operand<const T> b,
                            Operand<T> x, const IterationOptions& options) {
  check_options(options, "conjugate_gradient");
  return with_rows<T>(on.pool, a, [&]<class Rows>(const Rows& rows) {
    check_shapes(rows, b.rows, x.rows, "conjugate_gradient");
    return ConjugateGradient<T, Rows>(on, rows, b, x, options).solve();
  });
}

template <class T>
Iterated jacobi(const PoolWith& on, const LinearOperator<T>& a, Operand<const T> b, Operand<T> x,
                const IterationOptions& options) {
  check_options(options, "jacobi");
  return with_rows<T>(on.pool, a, [&](const auto& rows) {
    check_shapes(rows, b.rows, x.rows, "jacobi");
    return iterate_jacobi<T>(on, rows, b, x, options);
  });
}

template <class T>
IteratedEigenpair power_iteration(const PoolWith& on, const LinearOperator<T>& a, Operand<T> v,
                                  const IterationOptions& options) {
  check_options(options, "power_iteration");
  return with_rows<T>(on.pool, a, [&](const auto& rows) {
    check_shapes(rows, v.rows, v.rows, "power_iteration");
    return iterate_power<T>(on, rows, v, options);
  });
}

#define TINE_ITERATIONS(T)                                                                     \
  template Iterated conjugate_gradient(const PoolWith&, const LinearOperator<T>&,              \
                                       Operand<const T>, Operand<T>, const IterationOptions&); \
  template Iterated jacobi(const PoolWith&, const LinearOperator<T>&, Operand<const T>,        \
                           Operand<T>, const IterationOptions&);                               \
  template IteratedEigenpair power_iteration(const PoolWith&, const LinearOperator<T>&,        \
                                             Operand<T>, const IterationOptions&);
TINE_ITERATIONS(float)
TINE_ITERATIONS(double)
#undef TINE_ITERATIONS

}  // namespace detail

}  // namespace tine::matrix
