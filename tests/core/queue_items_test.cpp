// What travels through a queue: every type that can, at every length.
#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tine/queue.hpp>
#include <tine/tine.hpp>

#include "support/fixture.hpp"
#include "support/items.hpp"
#include "toolbox/context.hpp"

namespace {

using ::testing::HasSubstr;
using tine_test::message_of;

class QueueItems : public tine_test::NoItemLeftBehind {};

enum class Colour : unsigned char { red, green };
struct Point {
  int x;
  double y;
  bool operator==(const Point&) const = default;
};
struct Unmade {  // trivially copyable without a default constructor
  explicit Unmade(int v) : value(v) {}
  int value;
  bool operator==(const Unmade&) const = default;
};
struct Person {
  std::string name;
  std::vector<Person> friends;
  std::unique_ptr<int> age;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, friends, age);
  }
};

template <class T>
void comes_back(const T& value) {
  tine::Queue<T> queue;
  queue.put(value);
  queue.put(value);
  EXPECT_TRUE(queue.get() == value);
  EXPECT_TRUE(queue.get() == value);
}

TEST_F(QueueItems, carries_every_type_that_can_travel) {
  comes_back(true);
  comes_back('c');
  comes_back(3.5);
  comes_back(Colour::green);
  comes_back(Point{1, 2.5});
  comes_back(Unmade(5));
  comes_back(std::array<int, 100>{1, 2, 3});
  comes_back(std::optional<int>{});
  comes_back(std::chrono::seconds(5));
  comes_back(std::string("text"));
  comes_back(std::string());
  comes_back(std::wstring(L"wide"));
  comes_back(std::vector<int>{1, 2, 3});
  comes_back(std::vector<int>{});
  comes_back(std::vector<bool>{true, false, true});
  comes_back(std::vector<Point>{{1, 2}, {3, 4}});
  comes_back(std::vector<std::string>{"a", "", "ccc"});
  comes_back(std::deque<std::vector<double>>{{1}, {}, {2, 3}});
  comes_back(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  comes_back(std::unordered_map<int, Point>{{1, {2, 3}}});
  comes_back(std::set<std::string>{"x", "y"});
  comes_back(std::pair<int, std::string>{1, "one"});
  comes_back(std::tuple<int, Colour, std::string, Point>{1, Colour::red, "s", {1, 2}});
  comes_back(std::variant<int, double>{2.5});
  comes_back(std::variant<int, std::string>{"text"});
  comes_back(std::optional<std::string>{"text"});

  tine::Queue<Person> people;
  Person person{"Ada", {}, std::make_unique<int>(36)};
  person.friends.push_back({"Mary", {}, nullptr});
  people.put(person);
  const Person back = people.get();
  EXPECT_EQ(back.name, "Ada");
  EXPECT_EQ(*back.age, 36);
  EXPECT_EQ(back.friends.at(0).name, "Mary");
  EXPECT_EQ(back.friends.at(0).age, nullptr);
}

// Throws while it is read or written, when it is told to.
struct Moody {
  std::string text;
  static inline bool throws = false;
  template <class Archive>
  void save(Archive& archive) const {
    archive(text);
    if (throws) throw std::runtime_error("not now");
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(text);
    if (throws) throw std::runtime_error("not now");
  }
};

TEST_F(QueueItems, keeps_an_item_that_cannot_be_read_and_takes_none_that_cannot_be_written) {
  tine::Queue<Moody> queue;
  queue.put({"first"});
  queue.put({"second"});
  Moody::throws = true;
  EXPECT_THROW(queue.put({std::string(100'000, 'x')}), std::runtime_error);
  EXPECT_THROW(queue.get(), std::runtime_error);
  EXPECT_THROW(queue.try_get(), std::runtime_error);
  Moody::throws = false;
  EXPECT_EQ(queue.qsize(), 2u);
  EXPECT_EQ(queue.get().text, "first");
  EXPECT_EQ(queue.get().text, "second");
}

// Reads more than it wrote.
struct Greedy {
  std::string text;
  template <class Archive>
  void save(Archive& archive) const {
    archive(1);
  }
  template <class Archive>
  void load(Archive& archive) {
    std::array<double, 100> more;
    archive(more);
  }
};

TEST_F(QueueItems, says_so_when_a_type_reads_more_than_it_wrote) {
  tine::Queue<Greedy> queue;
  queue.put({});
  EXPECT_THAT(message_of([&] { queue.get(); }), HasSubstr("fewer bytes"));
}

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::uint32_t state = static_cast<std::uint32_t>(bytes) * 2654435761u + 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return text;
}

TEST_F(QueueItems, carries_items_of_any_length_to_workers_and_back) {
  std::vector<std::size_t> lengths{0, 1, 7};
  for (const std::size_t edge :
       {std::size_t{128}, std::size_t{1024}, std::size_t{4096}, std::size_t{32} << 10,
        std::size_t{128} << 10, std::size_t{1} << 20, std::size_t{4} << 20, std::size_t{9} << 20})
    for (const std::size_t around : {edge - 9, edge - 8, edge - 7, edge - 1, edge, edge + 1})
      lengths.push_back(around);
  tine::Queue<std::string> there(2), back(2);
  tine::Pool pool({.workers = 2});
  std::thread job([&] {
    tine::for_each_slice(pool, tine::slices(2, 1),
                         [in = there.view(), out = back.view()](const tine::Slice&) {
                           for (;;) try {
                               out.put(in.get());
                             } catch (const tine::Closed&) {
                               return;
                             }
                         });
  });
  for (const std::size_t length : lengths) {
    const std::string text = pattern(length);
    there.put(text);
    EXPECT_TRUE(back.get() == text) << length;
  }
  there.close();
  job.join();
}

TEST_F(QueueItems, carries_an_item_of_256_mebibytes) {
  const std::vector<std::uint64_t> numbers = [] {
    std::vector<std::uint64_t> v((std::size_t{256} << 20) / 8);
    std::iota(v.begin(), v.end(), std::uint64_t{1});
    return v;
  }();
  tine::Queue<std::vector<std::uint64_t>> queue;
  tine::Pool pool({.workers = 1});
  queue.put(numbers);
  auto same = pool.array<int>(1);
  tine::for_each_slice(
      pool, tine::slices(1, 1),
      [q = queue.view()](const tine::Slice&, std::span<int> result) {
        const auto v = q.get();
        bool right = v.size() == (std::size_t{256} << 20) / 8;
        for (std::size_t i = 0; right && i < v.size(); ++i) right = v[i] == i + 1;
        result[0] = right;
      },
      tine::out(same));
  EXPECT_EQ(same[0], 1);
}

}  // namespace
