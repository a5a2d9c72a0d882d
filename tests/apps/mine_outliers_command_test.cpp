// tine mine outliers as a user sees it.
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class MineOutliersCommand : public SubcommandTest {
 protected:
  MineOutliersCommand() : SubcommandTest({"mine"}) {}
  void SetUp() override {
    CommandTest::SetUp();
    std::string text = "place,volts,amps\n";
    for (int i = 0; i < 200; ++i)
      text += "p" + std::to_string(i) + ',' + std::to_string(230 + i * 37 % 11) + ',' +
              (i == 150 ? "-40" : std::to_string(i * 13 % 7)) + '\n';
    write_text(path("readings.csv"), text);
  }
};

TEST_F(MineOutliersCommand, EveryMethodFindsWhatIsFarAway) {
  for (const std::string method : {"forest", "zscore", "robust"}) {
    SCOPED_TRACE(method);
    const json facts = json::parse(answer(
        {"outliers", "readings.csv", "--method", method, "--contamination", "0.005", "--json"}));
    EXPECT_EQ(facts["samples"], 200);
    EXPECT_EQ(facts["outliers"], 1);
    const json& first = facts["most_unlike"][0];
    EXPECT_EQ(first["sample"], 151);
    EXPECT_EQ(first["amps"], -40);
    EXPECT_GT(first["score"], facts["threshold"]);
    EXPECT_EQ(first.contains("farthest"), method != "forest");
  }
}

TEST_F(MineOutliersCommand, ModelsSayTheSameAgain) {
  for (const std::string method : {"forest", "zscore", "robust"}) {
    SCOPED_TRACE(method);
    const std::string model = method + ".json", rows = method + ".csv", plot = method + ".svg";
    answer({"outliers", "readings.csv", "--method", method, "-o", model, "--rows", rows, "--plot",
            plot});
    EXPECT_EQ(answer({"predict", model, "readings.csv"}), text_of(path(rows)));
    EXPECT_THAT(text_of(path(rows)), StartsWith("place,volts,amps,score,outlier"));
    EXPECT_THAT(text_of(path(rows)), HasSubstr("\np150,236,-40,"));
    EXPECT_THAT(text_of(path(plot)), HasSubstr("of 200 samples are outliers"));
    EXPECT_THAT(answer({"show", model}), HasSubstr("threshold"));
  }
  EXPECT_THAT(text_of(path("robust.csv")), HasSubstr(",true,amps\n"));
}

TEST_F(MineOutliersCommand, MissingValuesArePredictedAsMissing) {
  answer({"outliers", "readings.csv", "-o", "model.json"});
  write_text(path("new.csv"), "volts,amps\n231,\n231,3\n");
  const std::string rows = answer({"predict", "model.json", "new.csv"});
  EXPECT_THAT(rows, StartsWith("volts,amps,score,outlier\n231,,,\n231,3,0."));
  write_text(path("other.csv"), "volts\n231\n");
  EXPECT_THAT(error({"predict", "model.json", "other.csv"}, 1), HasSubstr("amps"));
}

TEST_F(MineOutliersCommand, WrongUseIsExplained) {
  EXPECT_THAT(error({"outliers", "readings.csv", "--method", "trees"}, 2), HasSubstr("--method"));
  EXPECT_THAT(error({"outliers", "readings.csv", "--method", "zscore", "--trees", "5"}, 2),
              HasSubstr("--trees goes with --method forest"));
  EXPECT_THAT(error({"outliers", "readings.csv", "--contamination", "0.7"}, 2),
              HasSubstr("at most 0.5"));
  EXPECT_THAT(error({"outliers", "readings.csv", "--contamination", "0.1", "--threshold", "1"}, 2),
              HasSubstr("--threshold"));
  write_text(path("holes.csv"), "a\n1\n\"\"\n3\n");
  EXPECT_THAT(error({"outliers", "holes.csv"}, 1), HasSubstr("--skip-missing"));
}

}  // namespace
}  // namespace tine_test
