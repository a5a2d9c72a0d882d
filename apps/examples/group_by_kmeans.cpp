// Two classics of data mining as reductions: `sum(amount) where score > 0.5 group by shop`, then
// ten rounds of k-means. Compared with plain loops, and bit by bit on 1, 2 and 3 workers.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <span>
#include <vector>

#include <tine/tine.hpp>

namespace {

constexpr std::size_t n = 1'000'003, shops = 100, clusters = 8;

struct Point {
  float x, y;
};
using Totals = std::array<double, shops>;
using Centres = std::array<Point, clusters>;

struct Sums {  // of the points nearest to each centre
  std::array<double, clusters> x{}, y{}, count{};
};

struct Data {
  std::vector<float> amount, score;
  std::vector<std::uint8_t> shop;
  std::vector<Point> points;
};

struct Answer {
  Totals totals;
  Centres centres;
};

void add_up(std::span<const float> amount, std::span<const float> score,
            std::span<const std::uint8_t> shop, Totals& totals) {
  for (std::size_t i = 0; i < amount.size(); ++i)
    if (score[i] > 0.5f) totals[shop[i]] += amount[i];
}

void assign(std::span<const Point> points, const Centres& centres, Sums& sums) {
  for (const Point& p : points) {
    std::size_t nearest = 0;
    float least = INFINITY;
    for (std::size_t c = 0; c < clusters; ++c) {
      const float dx = p.x - centres[c].x, dy = p.y - centres[c].y;
      if (dx * dx + dy * dy < least) {
        least = dx * dx + dy * dy;
        nearest = c;
      }
    }
    sums.x[nearest] += p.x;
    sums.y[nearest] += p.y;
    sums.count[nearest] += 1;
  }
}

void move_centres(Centres& centres, const Sums& sums) {
  for (std::size_t c = 0; c < clusters; ++c)
    if (sums.count[c] > 0)
      centres[c] = {static_cast<float>(sums.x[c] / sums.count[c]),
                    static_cast<float>(sums.y[c] / sums.count[c])};
}

Centres first_centres(const Data& data) {
  Centres centres;
  for (std::size_t c = 0; c < clusters; ++c) centres[c] = data.points[c];
  return centres;
}

Answer with_plain_loops(const Data& data) {
  Answer answer{{}, first_centres(data)};
  add_up(data.amount, data.score, data.shop, answer.totals);
  for (int round = 0; round < 10; ++round) {
    Sums sums;
    assign(data.points, answer.centres, sums);
    move_centres(answer.centres, sums);
  }
  return answer;
}

Answer with_tine(tine::Pool& pool, const Data& data) {
  const auto amount = pool.array_from(data.amount), score = pool.array_from(data.score);
  const auto shop = pool.array_from(data.shop);
  const auto points = pool.array_from(data.points);

  Answer answer;
  answer.totals = tine::reduce_slices(
      pool, tine::slices(n), Totals{},
      [](Totals a, const Totals& b) {
        for (std::size_t i = 0; i < shops; ++i) a[i] += b[i];
        return a;
      },
      [](const tine::Slice&, auto amounts, auto scores, auto at) {
        Totals totals{};
        add_up(amounts, scores, at, totals);
        return totals;
      },
      tine::in(amount), tine::in(score), tine::in(shop));

  answer.centres = first_centres(data);
  for (int round = 0; round < 10; ++round) {
    const Sums sums = tine::reduce_slices(
        pool, tine::slices(n), Sums{},
        [](Sums a, const Sums& b) {
          for (std::size_t c = 0; c < clusters; ++c) {
            a.x[c] += b.x[c];
            a.y[c] += b.y[c];
            a.count[c] += b.count[c];
          }
          return a;
        },
        [centres = answer.centres](const tine::Slice&, std::span<const Point> part) {
          Sums part_sums;
          assign(part, centres, part_sums);
          return part_sums;
        },
        tine::in(points));
    move_centres(answer.centres, sums);
  }
  return answer;
}

bool close(double a, double b) {
  return std::abs(a - b) <= 1e-6 * std::abs(b);
}

}  // namespace

int main() {
  std::mt19937 random(1);
  std::normal_distribution<float> noise;
  Data data;
  for (std::size_t i = 0; i < n; ++i) {
    data.amount.push_back(static_cast<float>(random() % 10'000) / 100);
    data.score.push_back(static_cast<float>(random() % 1000) / 1000);
    data.shop.push_back(static_cast<std::uint8_t>(random() % shops));
    const auto cluster = static_cast<float>(i % clusters);
    data.points.push_back({8 * cluster + noise(random), 5 * std::sin(cluster) + noise(random)});
  }

  const Answer expected = with_plain_loops(data);
  std::vector<Answer> answers;
  for (unsigned workers : {1u, 2u, 3u}) {
    tine::Pool pool({.workers = workers});
    answers.push_back(with_tine(pool, data));
  }

  bool right = true, same_bits = true;
  for (std::size_t i = 0; i < shops; ++i) right &= close(answers[0].totals[i], expected.totals[i]);
  for (std::size_t c = 0; c < clusters; ++c)
    right &= close(answers[0].centres[c].x, expected.centres[c].x) &&
             close(answers[0].centres[c].y, expected.centres[c].y);
  for (const Answer& answer : answers)
    same_bits &= std::memcmp(&answer, &answers[0], sizeof(Answer)) == 0;
  std::printf("shop 0 sold %.2f; cluster 0 is at (%.4f, %.4f)\n", answers[0].totals[0],
              answers[0].centres[0].x, answers[0].centres[0].y);
  std::printf("%s plain loops; %s on 1, 2 and 3 workers\n", right ? "equals" : "DIFFERS from",
              same_bits ? "same bits" : "DIFFERENT bits");
  return right && same_bits ? 0 : 1;
}
