// tine mine as a user sees it.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "kill_worker.hpp"

namespace tine_test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string points =
    "name,a,b\n"
    "n1,0,0\nn2,0,1\nn3,1,0\n"
    "m1,9,9\nm2,9,8\nm3,8,9\n";
const std::string holes = "a,b,name\n0,0,x\n,1,y\n9,9,z\n8,9,\n8,NA,w\n";

class MineCommand : public SubcommandTest {
 protected:
  MineCommand() : SubcommandTest({"mine"}) {}
  void SetUp() override {
    CommandTest::SetUp();
    write_text(path("points.csv"), points);
    write_text(path("holes.csv"), holes);
  }
  Result shell(const std::string& line) {
    const std::string folder = fs::path(TINE_COMMAND).parent_path().string();
    return finish(start({"/bin/sh", "-c", "PATH=" + folder + ":$PATH; " + line}));
  }
  void save_model() { answer({"kmeans", "points.csv", "-k", "2", "-o", "model.json"}); }
  void write_large(const std::string& name, int rows) const {
    std::mt19937 random(1);
    std::ofstream file(path(name));
    file << "x,y,z,text\n";
    for (int i = 0; i < rows; ++i)
      file << random() % 1000 << ',' << random() % 1000 * 0.37 << ',' << i % 7 << ",t" << i << '\n';
  }
  void expect_xml(const std::string& name) {
    ASSERT_STRNE(PEER_PYTHON, "TINE_PEER_PYTHON-NOTFOUND") << "on Debian: apt install python3";
    const Result r = finish(
        start({PEER_PYTHON, "-c", "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])", name}));
    EXPECT_EQ(r.status, 0) << r.err;
  }
};

TEST_F(MineCommand, WithoutASubcommandThereIsAList) {
  EXPECT_THAT(error({}, 2), testing::ContainsRegex("There are: .*kmeans, "));
  EXPECT_THAT(error({"kmean", "points.csv", "-k", "2"}, 2),
              HasSubstr("tine mine has no kmean; did you mean kmeans?"));
  EXPECT_THAT(error({"kmeans", "points.csv", "--klusters", "2"}, 2), HasSubstr("--klusters"));
}

// The lines of a help that are commands.
std::vector<std::string> examples_in(const std::string& help) {
  std::vector<std::string> examples;
  std::istringstream lines(help);
  bool goes_on = false;
  for (std::string line; std::getline(lines, line);) {
    if (goes_on)
      examples.back() += "\n" + line;
    else if (line.starts_with("  printf ") || line.starts_with("  tine mine "))
      examples.push_back(line);
    else
      continue;
    goes_on = line.ends_with('\\');
  }
  return examples;
}

TEST_F(MineCommand, ExamplesOfTheHelpWorkAsTheyAreWritten) {
  const std::vector<std::string> examples = examples_in(answer({"--help"}));
  ASSERT_GT(examples.size(), 4u);
  for (const std::string& line : examples) {
    const Result r = shell(line);
    EXPECT_EQ(r.status, 0) << line << "\n" << r.err;
  }
  // And those of each subcommand, where they are for the same table.
  const std::string list = error({}, 2);
  std::istringstream names(list.substr(list.rfind(": ") + 2));
  for (std::string name; std::getline(names >> std::ws, name, ',');) {
    name.erase(name.find_last_not_of('\n') + 1);
    std::string lines = "set -e; mkdir " + name + "; cp flowers.csv " + name + "; cd " + name +
                        "; cp flowers.csv more_flowers.csv";
    if (name == "predict" || name == "show") lines += "; cp ../model.json .";
    for (const std::string& line : examples_in(answer({name, "--help"})))
      if (line.find("flowers.csv") != line.npos) lines += "\n" + line;
    const Result r = shell(lines);
    EXPECT_EQ(r.status, 0) << lines << "\n" << r.err;
  }
}

TEST_F(MineCommand, WhatIsFoundIsTold) {
  const json facts = json::parse(answer({"kmeans", "points.csv", "-k", "2", "--json"}));
  EXPECT_EQ(facts["samples"], 6);
  EXPECT_EQ(facts["features"], (json{"a", "b"}));
  EXPECT_NEAR(facts["inertia"].get<double>(), 8.0 / 3, 1e-12);
  ASSERT_EQ(facts["clusters"].size(), 2u);
  const std::size_t low = facts["clusters"][0]["centre"]["a"] < 5 ? 0 : 1;
  EXPECT_EQ(facts["clusters"][low]["size"], 3);
  EXPECT_NEAR(facts["clusters"][low]["centre"]["b"].get<double>(), 1.0 / 3, 1e-12);
  const std::string text = answer({"kmeans", "points.csv", "-k", "2"});
  EXPECT_THAT(text, StartsWith("samples     6\nfeatures    a, b\n"));
  EXPECT_THAT(text, HasSubstr("\nclusters\n  cluster  size          a          b\n"));
}

TEST_F(MineCommand, FeaturesAndRowsAreThoseThatAreSelected) {
  const json facts =
      json::parse(answer({"kmeans", "points.csv", "-k", "1", "--features", "a + b as sum, b",
                          "--where", "name like 'n%'", "--json"}));
  EXPECT_EQ(facts["samples"], 3);
  EXPECT_EQ(facts["features"], (json{"sum", "b"}));
  EXPECT_NEAR(facts["clusters"][0]["centre"]["sum"].get<double>(), 2.0 / 3, 1e-12);
}

TEST_F(MineCommand, RowsGetWhatWasFoundBesideThem) {
  answer({"kmeans", "points.csv", "-k", "1", "--rows", "rows.csv"});
  EXPECT_THAT(text_of(path("rows.csv")), StartsWith("name,a,b,cluster,distance\nn1,0,0,0,"));
  answer({"kmeans", "points.csv", "-k", "1", "--where", "a = 8", "--rows", "rows.jsonl"});
  EXPECT_EQ(text_of(path("rows.jsonl")),
            "{\"name\":\"m3\",\"a\":8,\"b\":9,\"cluster\":0,\"distance\":0.0}\n");
  answer({"kmeans", "points.csv", "-k", "1", "--where", "a = 8", "--rows", "rows.tsv"});
  EXPECT_EQ(text_of(path("rows.tsv")), "name\ta\tb\tcluster\tdistance\nm3\t8\t9\t0\t0\n");
}

TEST_F(MineCommand, AModelSaysOfTheSameRowsWhatWasFound) {
  answer({"kmeans", "points.csv", "-k", "2", "-o", "model.json", "--rows", "rows.csv"});
  answer({"predict", "model.json", "points.csv", "-o", "predicted.csv"});
  EXPECT_EQ(text_of(path("predicted.csv")), text_of(path("rows.csv")));
  EXPECT_EQ(answer({"predict", "model.json", "points.csv"}), text_of(path("rows.csv")));
  const json rows =
      json::parse(answer({"predict", "model.json", "points.csv", "--where", "b = 8", "--json"}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["name"], "m2");
}

TEST_F(MineCommand, FeaturesThatAreExpressionsAreComputedOfOtherTables) {
  answer({"kmeans", "points.csv", "-k", "2", "--features", "a * 2 as \"twice, a\"", "-o",
          "model.json"});
  write_text(path("other.csv"), "x,a\nq,0.5\n");
  const json rows = json::parse(answer({"predict", "model.json", "other.csv", "--json"}));
  EXPECT_NEAR(rows[0]["distance"].get<double>(), 1.0 / 3, 1e-12);
}

TEST_F(MineCommand, AColumnThatIsThereAlreadyStays) {
  write_text(path("again.csv"), "a,b,cluster\n0,0,mine\n1,1,mine\n");
  answer({"kmeans", "again.csv", "-k", "1", "--rows", "rows.csv"});
  EXPECT_THAT(text_of(path("rows.csv")), StartsWith("a,b,cluster,cluster_,distance\n0,0,mine,0,"));
}

TEST_F(MineCommand, AMissingValueEndsItOrIsSkipped) {
  EXPECT_EQ(error({"kmeans", "holes.csv", "-k", "2", "-o", "m.json", "--rows", "r.csv"}, 1),
            "tine: a is missing in row 2; --skip-missing leaves such rows out\n");
  EXPECT_THAT(files_in("."), ElementsAre("holes.csv", "points.csv"));
  const json facts = json::parse(answer(
      {"kmeans", "holes.csv", "-k", "1", "--skip-missing", "--rows", "rows.jsonl", "--json"}));
  EXPECT_EQ(facts["samples"], 3);
  EXPECT_EQ(facts["skipped"], 2);
  std::istringstream rows(text_of(path("rows.jsonl")));
  std::vector<bool> nulls;
  for (std::string line; std::getline(rows, line);)
    nulls.push_back(json::parse(line)["cluster"].is_null());
  EXPECT_THAT(nulls, ElementsAre(false, true, false, false, true));
}

TEST_F(MineCommand, AModelSaysNothingWhereAValueIsMissing) {
  save_model();
  std::istringstream rows(answer({"predict", "model.json", "holes.csv", "--jsonl"}));
  std::vector<bool> nulls;
  for (std::string line; std::getline(rows, line);) {
    const json row = json::parse(line);
    EXPECT_EQ(row["cluster"].is_null(), row["distance"].is_null());
    nulls.push_back(row["cluster"].is_null());
  }
  EXPECT_THAT(nulls, ElementsAre(false, true, false, false, true));
}

TEST_F(MineCommand, ExpressionsThatAreWrongAreShown) {
  EXPECT_EQ(error({"kmeans", "points.csv", "--where", "a > "}, 2),
            "tine: --where: a value was expected, not the end\n  a > \n      ^\n");
  EXPECT_EQ(error({"kmeans", "points.csv", "--features", "a, b + naem"}, 2),
            "tine: --features: there is no column naem; did you mean name?\n"
            "  a, b + naem\n         ^\n");
  EXPECT_THAT(error({"kmeans", "points.csv", "--features", "name"}, 2),
              HasSubstr("name is of type string"));
}

TEST_F(MineCommand, WrongUsageIsSaid) {
  EXPECT_THAT(error({"kmeans", "points.csv", "-k", "0"}, 2), HasSubstr("0 is no number"));
  EXPECT_THAT(error({"kmeans", "points.csv", "--start", "anywhere"}, 2), HasSubstr("--start"));
  EXPECT_THAT(error({"kmeans", "points.csv", "-o", "x", "--rows", "x"}, 2),
              HasSubstr("x is to be written twice"));
  EXPECT_THAT(error({"kmeans", "points.csv", "-o", "-", "--json"}, 2),
              HasSubstr("both go to standard output"));
  EXPECT_THAT(error({"kmeans", "points.csv", "-k", "1", "--plot", "p.svg", "--axes", "a,c"}, 2),
              HasSubstr("--axes: c is no feature"));
  EXPECT_THAT(error({"kmeans", "points.csv", "-k", "1", "--plot", "p.svg", "--axes", "a"}, 2),
              HasSubstr("two features"));
  EXPECT_THAT(error({"predict", "-", "-"}, 2), HasSubstr("not both"));
  EXPECT_THAT(files_in("."), ElementsAre("holes.csv", "points.csv"));
}

TEST_F(MineCommand, SamplesThatAreTooFewAreSaid) {
  EXPECT_THAT(error({"kmeans", "points.csv", "-k", "7"}, 1), StartsWith("tine: "));
  EXPECT_THAT(error({"kmeans", "points.csv", "--where", "a > 100"}, 1), HasSubstr("no rows"));
  EXPECT_THAT(error({"kmeans", "missing.csv"}, 1), HasSubstr("missing.csv: cannot be opened"));
  save_model();
  EXPECT_EQ(error({"predict", "model.json", "points.csv", "--where", "a > 100"}, 1),
            "tine: points.csv has no row that is selected\n");
}

TEST_F(MineCommand, WhatIsNoModelIsRefused) {
  EXPECT_THAT(error({"predict", "none.json", "points.csv"}, 1),
              HasSubstr("none.json cannot be read"));
  EXPECT_THAT(error({"predict", "points.csv", "points.csv"}, 1), HasSubstr("this is no model"));
  write_text(path("other.json"), "{\"tine\": \"oracle\", \"version\": 1, \"features\": []}");
  EXPECT_THAT(error({"predict", "other.json", "points.csv", "-o", "p.csv"}, 1),
              HasSubstr("oracle is no kind of model"));
  save_model();
  std::string text = text_of(path("model.json"));
  text.replace(text.find("centres"), 7, "centers");
  write_text(path("broken.json"), text);
  EXPECT_THAT(error({"predict", "broken.json", "points.csv", "-o", "p.csv"}, 1),
              HasSubstr("it has no centres"));
  EXPECT_FALSE(fs::exists(path("p.csv")));
}

TEST_F(MineCommand, AModelThatDoesNotGoWithTheTableIsRefused) {
  write_text(path("flowers.csv"), "length,width\n1,2\n3,4\n");
  answer(
      {"kmeans", "flowers.csv", "-k", "2", "--features", "length, width as w", "-o", "model.json"});
  write_text(path("other.csv"), "length,widht\n1,2\n");
  EXPECT_EQ(error({"predict", "model.json", "other.csv", "-o", "p.csv"}, 1),
            "tine: model.json does not go with other.csv: there is no column width; did you mean "
            "widht?\n");
  write_text(path("text.csv"), "length,width\n1,x\n");
  EXPECT_EQ(error({"predict", "model.json", "text.csv", "-o", "p.csv"}, 1),
            "tine: model.json does not go with text.csv: features are numbers, and w is of type "
            "string\n");
  EXPECT_FALSE(fs::exists(path("p.csv")));
}

TEST_F(MineCommand, WhatAModelHoldsIsShown) {
  save_model();
  const std::string text = answer({"show", "model.json"});
  EXPECT_THAT(text, StartsWith("kind        kmeans\n"));
  EXPECT_THAT(text, HasSubstr("\nsizes       3, 3\n"));
  EXPECT_EQ(shell("tine mine show - < model.json").out, text);

  // Whatever strangers put there.
  write_text(path("odd.json"),
             "{\"tine\": \"x\", \"version\": 1, \"features\": [], \"list\": [[[1]], 2], \"y\": "
             "{\"a\": 1}, "
             "\"z\": \"\\u001b[31m\"}");
  EXPECT_EQ(answer({"show", "odd.json"}), "kind  x\nlist  …, 2\ny     …\nz     ?[31m\n");
}

TEST_F(MineCommand, OutputsThatExistStayAndThenThereIsNone) {
  write_text(path("plot.svg"), "old");
  const std::vector<std::string> all = {"kmeans", "points.csv", "-k",    "2",      "-o",
                                        "m.json", "--rows",     "r.csv", "--plot", "plot.svg"};
  EXPECT_THAT(error(all, 1), HasSubstr("plot.svg exists already; --force replaces it"));
  EXPECT_EQ(text_of(path("plot.svg")), "old");
  EXPECT_THAT(files_in("."), ElementsAre("holes.csv", "plot.svg", "points.csv"));
  std::vector<std::string> forced = all;
  forced.push_back("--force");
  answer(forced);
  EXPECT_THAT(text_of(path("plot.svg")), StartsWith("<svg"));
  EXPECT_THAT(files_in("."), ElementsAre("holes.csv", "m.json", "plot.svg", "points.csv", "r.csv"));
}

TEST_F(MineCommand, AnOutputMayGoToStdoutAndFactsGoElsewhere) {
  for (const char* option : {"-o", "--rows", "--plot"}) {
    const Result r = call({"kmeans", "points.csv", "-k", "2", option, "-"});
    EXPECT_EQ(r.status, 0);
    EXPECT_THAT(r.err, StartsWith("samples     6\n")) << option;
    EXPECT_THAT(r.out, Not(HasSubstr("samples     6"))) << option;
  }
  const Result r = shell(
      "tine mine kmeans - -k 2 -o - < points.csv 2>/dev/null | "
      "tine mine predict - points.csv --where \"name = 'n1'\"");
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_THAT(r.out, StartsWith("name,a,b,cluster,distance\nn1,0,0,"));
}

TEST_F(MineCommand, APlotIsXmlWhateverNamesAre) {
  write_text(path("names.csv"), "\"a<b & \"\"c\"\"\",\"d>\x01\xff\"\n1,2\n3,4\n5,7\n");
  answer({"kmeans", "names.csv", "-k", "2", "--plot", "p.svg"});
  expect_xml("p.svg");
  EXPECT_THAT(text_of(path("p.svg")), HasSubstr("a&lt;b &amp; \"c\""));
  answer({"kmeans", "points.csv", "-k", "2", "--plot", "q.svg", "--axes", "b, a"});
  expect_xml("q.svg");
  EXPECT_THAT(text_of(path("q.svg")), HasSubstr(">cluster 1</text>"));
  answer({"kmeans", "points.csv", "-k", "2", "--plot", "one.svg", "--features", "a"});
  expect_xml("one.svg");
}

TEST_F(MineCommand, OutputsAreTheSameOnAnyNumberOfWorkersAndWhenOneDies) {
  write_large("large.csv", 60000);
  const auto outputs = [&](const std::string& name) {
    return std::vector<std::string>{
        TINE_COMMAND, "mine",        "kmeans", "large.csv",    "-k",     "5",
        "--features", "x, y, z",     "-o",     name + ".json", "--rows", name + ".csv",
        "--plot",     name + ".svg", "--json", "--iterations", "20"};
  };
  std::vector<std::string> one = outputs("one");
  one.insert(one.end(), {"-j", "1"});
  const Result first = finish(start(one));
  ASSERT_EQ(first.status, 0) << first.err;
  std::mt19937 random(3);
  for (const char* workers : {"2", "3", "7"}) {
    std::vector<std::string> some = outputs("some");
    some.insert(some.end(), {"-j", workers, "--force"});
    const pid_t command = start(some);
    kill_a_worker(command, random, 300000);
    const Result r = finish(command);
    EXPECT_EQ(r.status, 0) << r.err;
    EXPECT_EQ(r.out, first.out) << workers;
    for (const char* ending : {".json", ".csv", ".svg"})
      EXPECT_TRUE(text_of(path(std::string("some") + ending)) ==
                  text_of(path(std::string("one") + ending)))
          << workers << ending;
  }
}

TEST_F(MineCommand, InterruptedItLeavesNothing) {
  write_large("large.csv", 300000);
  const pid_t command = start({TINE_COMMAND, "mine", "kmeans", "large.csv", "-k", "50", "-o",
                               "m.json", "--rows", "r.csv", "--plot", "p.svg"});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  kill(command, SIGINT);
  const Result r = finish(command);
  EXPECT_EQ(r.status, 130) << r.err;
  EXPECT_EQ(r.out, "");
  EXPECT_THAT(files_in("."), ElementsAre("holes.csv", "large.csv", "points.csv"));
}

TEST_F(MineCommand, BadRowsAreToldWhereTheyAreSkipped) {
  write_text(path("bad.csv"), "a,b\n1,2\n3\n4,5\n");
  const Result r = call({"kmeans", "bad.csv", "-k", "1", "--skip-bad", "--json"});
  EXPECT_EQ(r.status, 0);
  EXPECT_THAT(r.err, HasSubstr("tine: 1 bad row was skipped:\n"));
  EXPECT_EQ(json::parse(r.out)["samples"], 2);
}

// As scikit-learn finds them, from CSV and from .npy.
TEST_F(MineCommand, TheFlowersOfIrisAreGroupedAsByScikitLearn) {
  ASSERT_STRNE(PEER_PYTHON, "TINE_PEER_PYTHON-NOTFOUND") << "on Debian: apt install python3";
  const Result peer =
      finish(start({PEER_PYTHON, "-c",
                    "import numpy\n"
                    "from sklearn.cluster import KMeans\n"
                    "from sklearn.datasets import load_iris\n"
                    "x = load_iris().data\n"
                    "numpy.save('iris.npy', x)\n"
                    "numpy.savetxt('iris.csv', x, delimiter=',', header='a,b,c,d', comments='')\n"
                    "print(repr(KMeans(3, n_init=20, random_state=0, tol=0).fit(x).inertia_))\n"}));
  ASSERT_EQ(peer.status, 0) << "on Debian: apt install python3-sklearn\n" << peer.err;
  for (const char* file : {"iris.csv", "iris.npy"}) {
    const json facts =
        json::parse(answer({"kmeans", file, "-k", "3", "--restarts", "20", "--tolerance", "0", "-o",
                            std::string(file) + ".json", "--json"}));
    EXPECT_NEAR(facts["inertia"].get<double>(), std::stod(peer.out), 1e-9) << file;
    std::vector<int> sizes;
    for (const json& cluster : facts["clusters"]) sizes.push_back(cluster["size"]);
    std::ranges::sort(sizes);
    EXPECT_THAT(sizes, ElementsAre(38, 50, 62)) << file;
  }
  EXPECT_THAT(answer({"predict", "iris.npy.json", "iris.npy"}),
              StartsWith("c0,c1,c2,c3,cluster,distance\n5.1,3.5,1.4,0.2,"));
  EXPECT_THAT(error({"predict", "iris.npy.json", "iris.csv"}, 1), HasSubstr("no column c0"));
}

}  // namespace
}  // namespace tine_test
