// The programs of a tutorial on Python's multiprocessing, as their counterparts in apps/examples
// answer it.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fixture.hpp"

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Example : public tine_test::NothingLeftBehind {
 protected:
  /// What it prints; it must end well.
  static std::string output_of(const std::string& command) {
    fflush(nullptr);
    FILE* pipe = popen((EXAMPLES "/" + command).c_str(), "r");
    std::string text;
    std::array<char, 4096> part;
    while (const std::size_t n = fread(part.data(), 1, part.size(), pipe))
      text.append(part.data(), n);
    EXPECT_EQ(pclose(pipe), 0) << text;
    return text;
  }
  static std::vector<std::string> lines_of(const std::string& command) {
    std::istringstream text(output_of(command));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
};

double number_after(const std::string& words, const std::string& text) {
  const auto at = text.find(words);
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? 0 : std::stod(text.substr(at + words.size()));
}

TEST_F(Example, with_join_goes_on_after_the_sub_process_and_without_it_at_once) {
  std::vector<std::string> lines = lines_of("start_and_join");
  // Without join, who is first to speak is open.
  if (lines.size() == 8 && lines[5] == "  sub-process: begins") std::swap(lines[5], lines[6]);
  EXPECT_THAT(lines, ElementsAre("with join", "  sub-process: begins", "  sub-process: ends",
                                 "main process: goes on after the sub-process", "without join",
                                 "main process: goes on at once", "  sub-process: begins",
                                 "  sub-process: ends"));
}

TEST_F(Example, knows_the_names_and_pids_of_main_and_sub_processes) {
  const std::string text = output_of("names_and_pids");
  std::smatch m;
  ASSERT_TRUE(std::regex_match(
      text, m,
      std::regex("main process: name MainProcess, pid (\\d+)\n"
                 "sub-process: name Process-1, pid (\\d+); parent: name MainProcess, pid (\\d+)\n"
                 "sub-process: name reader, pid (\\d+); parent: name MainProcess, pid (\\d+)\n"
                 "main process: started (\\d+) and (\\d+)\n")))
      << text;
  EXPECT_EQ(m[3], m[1]);
  EXPECT_EQ(m[5], m[1]);
  EXPECT_EQ(m[6], m[2]);
  EXPECT_EQ(m[7], m[4]);
  EXPECT_NE(m[1], m[2]);
  EXPECT_NE(m[2], m[4]);
}

TEST_F(Example, gets_a_value_through_a_queue) {
  EXPECT_EQ(output_of("value_through_queue"), "got 42, nothing, hello\n");
}

void expect_three_times_as_fast(const std::string& text, const std::string& name) {
  const double serial = number_after("serially: ", text);
  const double parallel = number_after(name, text);
  EXPECT_GE(serial, 4);
  EXPECT_GE(parallel, 1);
  EXPECT_GE(serial / parallel, 3) << text;
}

TEST_F(Example, sleeps_in_four_processes_at_the_same_time) {
  expect_three_times_as_fast(output_of("sleep_in_processes"), "in four processes: ");
}

TEST_F(Example, sleeps_in_the_workers_of_an_executor_at_the_same_time) {
  expect_three_times_as_fast(output_of("sleep_in_executor"), "in an executor: ");
}

TEST_F(Example, estimates_a_density_with_the_article_s_counts_and_draws_the_times) {
  char folder[] = "/tmp/tine-parzen-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string plot = std::string(folder) + "/times.svg";
  const std::string text = output_of("parzen --plot " + plot);
  EXPECT_THAT(text, HasSubstr("inside: 16, 61, 135, 247, 390, 547, 742, 939, 1194, 1445, 1728, 2022"
                              "\nthe article's counts\n"));
  for (const char* part : {"\n10000 points: ", "\n10000000 points: ", "serial ", "1 worker ",
                           "2 workers ", "|####", "workers and plain loop: same bits"})
    EXPECT_THAT(text, HasSubstr(part));
  std::ostringstream svg;
  svg << std::ifstream(plot).rdbuf();
  EXPECT_THAT(svg.str(), MatchesRegex("<svg .*polyline.*time for 10000 points.*time for 10000000 "
                                      "points.*</svg>\n"));
  EXPECT_EQ(remove(plot.c_str()) + remove(folder), 0);
}

}  // namespace
