// The density of a sample at a point, estimated with Parzen windows of many widths, one after the
// other and in worker processes: for a sample that is too small to be worth it, and for a large one.
//
//     parzen                   times and plots in the terminal
//     parzen --plot times.svg  draws them, too
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <tine/tine.hpp>

namespace {

struct Point {
  double x, y;
};

/// The numbers of numpy's RandomState(seed).standard_normal(): Marsaglia's polar method, which gives
/// two at a time, over a Mersenne Twister.
class NumpyNormal {
 public:
  explicit NumpyNormal(std::uint32_t seed) : twister_(seed) {}

  double operator()() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    double a, b, square;
    do {
      a = 2 * uniform() - 1;
      b = 2 * uniform() - 1;
      square = a * a + b * b;
    } while (square >= 1 || square == 0);
    const double f = std::sqrt(-2 * std::log(square) / square);
    spare_ = f * a;
    has_spare_ = true;
    return f * b;
  }

 private:
  double uniform() {  // 53 bits
    const double high = static_cast<double>(twister_() >> 5);
    const double low = static_cast<double>(twister_() >> 6);
    return (high * 67108864 + low) / 9007199254740992;
  }

  std::mt19937 twister_;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// numpy.random.multivariate_normal((0, 0), identity, n), whose decomposition of the identity changes
/// nothing.
std::vector<Point> gaussian_sample(std::size_t n, std::uint32_t seed) {
  NumpyNormal normal(seed);
  std::vector<Point> points(n);
  for (Point& p : points) {
    p.x = normal();
    p.y = normal();
  }
  return points;
}

/// Points in the square of that width around the origin.
std::size_t count_inside(std::span<const Point> points, double width) {
  const double reach = width / 2;
  std::size_t n = 0;
  for (const Point& p : points)  // without a branch, which nobody could predict
    n += std::size_t{std::abs(p.x) <= reach} & std::size_t{std::abs(p.y) <= reach};
  return n;
}

double density_at_origin(std::span<const Point> points, double width) {
  const double volume = width * width;  // h^d, in two dimensions
  return static_cast<double>(count_inside(points, width)) /
         (static_cast<double>(points.size()) * volume);
}

constexpr std::size_t estimates = 100;
double width_of(std::size_t i) {
  return 1.0 + 0.2 * static_cast<double>(i) / (estimates - 1);
}

template <class F>
double seconds(F f) {
  const auto began = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

struct Times {
  std::size_t samples;
  std::vector<double> seconds{};  // [0]: one after the other; [n]: n workers
};

/// False when workers found something else.
bool measure(Times& times, unsigned most_workers) {
  const int rounds = times.samples < 1'000'000 ? 20 : 1;
  const std::vector<Point> sample = gaussian_sample(times.samples, 123);
  std::array<double, estimates> expected{};
  double best = INFINITY;
  for (int round = 0; round < rounds; ++round)
    best = std::min(best, seconds([&] {
                      for (std::size_t i = 0; i < estimates; ++i)
                        expected[i] = density_at_origin(sample, width_of(i));
                    }));
  times.seconds.push_back(best);
  std::printf("%zu points: density at the origin %.4f to %.4f (of the distribution: %.4f)\n",
              times.samples, *std::min_element(expected.begin(), expected.end()),
              *std::max_element(expected.begin(), expected.end()), 0.5 / M_PI);

  for (unsigned workers = 1; workers <= most_workers; ++workers) {
    tine::Pool pool({.workers = workers});
    const auto points = pool.array_from(sample);
    auto density = pool.array<double>(estimates);
    best = INFINITY;
    for (int round = 0; round < rounds; ++round)
      best = std::min(
          best, seconds([&] {
            tine::for_each_slice(
                pool, tine::slices(estimates, 1),
                [](const tine::Slice& s, std::span<const Point> all, std::span<double> out) {
                  out[0] = density_at_origin(all, width_of(s.begin));
                },
                tine::whole(points), tine::out(density));
          }));
    times.seconds.push_back(best);
    if (!std::equal(density.begin(), density.end(), expected.begin())) return false;
  }
  return true;
}

std::string label(std::size_t n) {
  return n == 0 ? "serial" : std::to_string(n) + (n == 1 ? " worker" : " workers");
}

void print(const Times& times) {
  const double longest = *std::max_element(times.seconds.begin(), times.seconds.end());
  for (std::size_t n = 0; n < times.seconds.size(); ++n) {
    const double t = times.seconds[n];
    std::printf("  %10s %9.3f ms  %5.2fx  |%s\n", label(n).c_str(), 1e3 * t, times.seconds[0] / t,
                std::string(static_cast<std::size_t>(std::lround(40 * t / longest)), '#').c_str());
  }
}

/// Time against the number of workers, a panel for each size.
void draw(const std::string& file, const std::vector<Times>& all) {
  constexpr double width = 300, height = 200, margin = 50;
  std::ofstream svg(file);
  svg << "<svg xmlns='http://www.w3.org/2000/svg' font-family='sans-serif' font-size='12' width='"
      << static_cast<double>(all.size()) * (width + 2 * margin) << "' height='"
      << height + 2 * margin << "'>\n<rect width='100%' height='100%' fill='white'/>\n";
  for (std::size_t panel = 0; panel < all.size(); ++panel) {
    const std::vector<double>& t = all[panel].seconds;
    const double most = 1.1 * *std::max_element(t.begin(), t.end());
    const double left = margin + static_cast<double>(panel) * (width + 2 * margin);
    const auto x = [&](std::size_t n) {
      return left + width * static_cast<double>(n) / static_cast<double>(t.size() - 1);
    };
    const auto y = [&](double s) { return margin + height * (1 - s / most); };
    const auto text = [&](double at_x, double at_y, const char* anchor, const std::string& words) {
      svg << "<text x='" << at_x << "' y='" << at_y << "' text-anchor='" << anchor << "'>" << words
          << "</text>\n";
    };
    svg << "<path fill='none' stroke='black' d='M" << left << ' ' << margin << "V"
        << margin + height << "H" << left + width
        << "'/>\n<path fill='none' stroke='gray' stroke-dasharray='4' d='M" << left << ' '
        << y(t[0]) << "H" << left + width
        << "'/>\n<polyline fill='none' stroke='steelblue' stroke-width='2' points='";
    for (std::size_t n = 1; n < t.size(); ++n) svg << x(n) << ',' << y(t[n]) << ' ';
    svg << "'/>\n";
    for (std::size_t n = 1; n < t.size(); ++n) {
      svg << "<circle cx='" << x(n) << "' cy='" << y(t[n]) << "' r='4' fill='steelblue'/>\n";
      text(x(n), margin + height + 18, "middle", std::to_string(n));
    }
    char longest[32];
    std::snprintf(longest, sizeof longest, "%.3g ms", 1e3 * t[0]);
    text(left + 4, y(t[0]) - 5, "start", std::string("serial: ") + longest);
    text(left + width / 2, margin + height + 38, "middle", "workers");
    text(left + width / 2, margin - 20, "middle",
         "time for " + std::to_string(all[panel].samples) + " points");
  }
  svg << "</svg>\n";
}

}  // namespace

int main(int argc, char** argv) {
  const bool plot = argc == 3 && std::strcmp(argv[1], "--plot") == 0;
  if (argc != 1 && !plot) {
    std::fprintf(stderr, "usage: parzen [--plot FILE.svg]\n");
    return 2;
  }

  // What the article counts, with widths 0.1, 0.2, ... 1.2.
  constexpr std::array<std::size_t, 12> article{16,  61,  135,  247,  390,  547,
                                                742, 939, 1194, 1445, 1728, 2022};
  const std::vector<Point> sample = gaussian_sample(10'000, 123);
  bool right = true;
  for (std::size_t i = 0; i < article.size(); ++i) {
    const double width = 0.1 * static_cast<double>(i + 1);
    const std::size_t inside = count_inside(sample, width);
    std::printf("%s%zu", i == 0 ? "inside: " : ", ", inside);
    right &= inside == article[i];
  }
  std::printf("\n%s\n", right ? "the article's counts" : "NOT the article's counts");

  std::vector<Times> all{{10'000}, {10'000'000}};
  for (Times& times : all) {
    const bool same = measure(times, std::max(2u, tine::cpu_count()));
    print(times);
    std::printf("  %s\n",
                same ? "workers and plain loop: same bits" : "workers and plain loop DIFFER");
    right &= same;
  }
  if (plot) draw(argv[2], all);
  return right ? 0 : 1;
}
