// tine mine linear, logistic, bayes and mixture as a user sees them.
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class MineModelsCommand : public SubcommandTest {
 protected:
  MineModelsCommand() : SubcommandTest({"mine"}) {}
  void SetUp() override {
    CommandTest::SetUp();
    // Two kinds, of which one is longer; the price is 3 + 2 * length, but for a little.
    std::string text = "name,length,width,kind,grade,price\n";
    for (int i = 0; i < 60; ++i) {
      const int length = i % 2 * 6 + i * 7 % 11, width = i * 5 % 7;
      text += "n" + std::to_string(i) + ',' + std::to_string(length) + ',' + std::to_string(width) +
              (i % 2 == 0 ? ",short," : ",long,") + std::to_string(i % 3) + ',' +
              std::to_string(3 + 2 * length) + (i % 5 == 0 ? ".5" : "") + '\n';
    }
    write_text(path("things.csv"), text);
    write_text(path("holes.csv"), "length,width,kind,price\n1,2,short,5\n,3,long,9\n8,1,long,19\n");
  }
  json facts(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    return json::parse(answer(std::move(arguments)));
  }
};

TEST_F(MineModelsCommand, LinearGivesATableOfCoefficients) {
  const json found =
      facts({"linear", "things.csv", "--target", "price", "--features", "length, width", "-o",
             "model.json", "--rows", "rows.csv", "--plot", "plot.svg"});
  EXPECT_EQ(found["samples"], 60);
  EXPECT_GT(found["r_squared"], 0.99);
  EXPECT_EQ(found["degrees_of_freedom"], 57);
  ASSERT_EQ(found["coefficients"].size(), 3u);
  const json& length = found["coefficients"][1];
  EXPECT_EQ(length["feature"], "length");
  EXPECT_NEAR(length["coefficient"].get<double>(), 2, 0.05);
  EXPECT_LT(length["p"], 1e-30);
  EXPECT_GT(found["coefficients"][2]["p"], 1e-4);
  EXPECT_THAT(text_of(path("rows.csv")),
              StartsWith("name,length,width,kind,grade,price,prediction,residual\nn0,0,0,short,"));
  EXPECT_THAT(text_of(path("plot.svg")), HasSubstr("Linear regression of price: 60 samples"));
  EXPECT_THAT(answer({"predict", "model.json", "holes.csv"}), HasSubstr("\n,3,long,9,\n"));
  EXPECT_THAT(answer({"show", "model.json"}), HasSubstr("coefficients"));
}

TEST_F(MineModelsCommand, LinearNamesWhatDependsOnOthers) {
  const json found = facts({"linear", "things.csv", "--target", "price", "--features",
                            "length, width, length + 2 * width as both"});
  EXPECT_EQ(found["dependent_on_others_or_constant"], json{"both"});
  EXPECT_FALSE(found["coefficients"][1].contains("p"));
  const json ridge = facts({"linear", "things.csv", "--target", "price", "--ridge", "10"});
  EXPECT_FALSE(ridge["coefficients"][1].contains("p"));
}

TEST_F(MineModelsCommand, ClassifiersTellWhatIsTakenForWhat) {
  for (const std::string learner : {"logistic", "bayes"}) {
    SCOPED_TRACE(learner);
    const std::string model = learner + ".json", rows = learner + ".csv";
    const json found = facts({learner, "things.csv", "--target", "kind", "--features",
                              "length, width", "-o", model, "--rows", rows});
    EXPECT_GT(found["accuracy"], 0.6);
    ASSERT_EQ(found["confusion"].size(), 2u);
    const json& longs = found["confusion"][0];
    EXPECT_EQ(longs["kind"], "long");
    EXPECT_EQ(longs["taken for long"].get<int>() + longs["taken for short"].get<int>(), 30);
    EXPECT_THAT(text_of(path(rows)),
                StartsWith("name,length,width,kind,grade,price,prediction,p_long,p_short\n"));
    EXPECT_EQ(answer({"predict", model, "things.csv"}), text_of(path(rows)));
    EXPECT_THAT(answer({"predict", model, "holes.csv"}), HasSubstr("\n,3,long,9,,,\n"));
  }
}

TEST_F(MineModelsCommand, ClassesMayBeNumbers) {
  answer({"bayes", "things.csv", "--target", "grade", "--features", "length, width, price", "-o",
          "model.json"});
  const json rows = json::parse(answer({"predict", "model.json", "things.csv", "--json"}));
  ASSERT_EQ(rows.size(), 60u);
  EXPECT_TRUE(rows[0]["prediction"].is_number_integer());
  EXPECT_NEAR(
      rows[0]["p_0"].get<double>() + rows[0]["p_1"].get<double>() + rows[0]["p_2"].get<double>(), 1,
      1e-12);
}

TEST_F(MineModelsCommand, PriorsAreThoseThatAreGiven) {
  const json found = facts(
      {"bayes", "things.csv", "--target", "kind", "--features", "length", "--priors", "0.25,0.75"});
  EXPECT_EQ(found["classes"][1]["prior"], 0.75);
  EXPECT_THAT(error({"bayes", "things.csv", "--target", "kind", "--priors", "1"}, 2),
              HasSubstr("1 priors for 2 classes"));
}

TEST_F(MineModelsCommand, WhatCannotBeLearntSaysWhatToDo) {
  EXPECT_THAT(error({"logistic", "things.csv", "--target", "'all'", "--features", "length"}, 1),
              HasSubstr("two classes or more"));
  EXPECT_THAT(error({"logistic", "things.csv", "--target", "length > 7", "--features", "length",
                     "--ridge", "0"},
                    1),
              HasSubstr("give a ridge penalty"));
  EXPECT_THAT(error({"linear", "holes.csv", "--target", "price"}, 1), HasSubstr("--skip-missing"));
  EXPECT_THAT(error({"linear", "things.csv", "--target", "price", "--ridge", "-1"}, 2),
              HasSubstr("--ridge"));
  EXPECT_THAT(error({"linear", "things.csv"}, 2), HasSubstr("--target"));
  EXPECT_THAT(error({"mixture", "things.csv", "-k", "61"}, 1), HasSubstr("61 samples"));
  EXPECT_THAT(error({"mixture", "things.csv", "--features", "length, 2 * length as twice", "-k",
                     "1", "--regularisation", "0"},
                    1),
              HasSubstr("regularisation"));
}

TEST_F(MineModelsCommand, MixturesAreDrawnAsEllipses) {
  for (const std::string covariance : {"full", "diagonal"}) {
    SCOPED_TRACE(covariance);
    const std::string rows = covariance + ".csv", model = covariance + ".json",
                      plot = covariance + ".svg";
    const json found =
        facts({"mixture", "things.csv", "-k", "2", "--features", "length, width", "--covariance",
               covariance, "-o", model, "--rows", rows, "--plot", plot});
    EXPECT_EQ(found["components"].size(), 2u);
    EXPECT_LT(found["aic"], found["bic"]);
    EXPECT_THAT(text_of(path(rows)), StartsWith("name,length,width,kind,grade,price,component,p_0,"
                                                "p_1,log_density\n"));
    EXPECT_EQ(answer({"predict", model, "things.csv"}), text_of(path(rows)));
    EXPECT_THAT(text_of(path(plot)), HasSubstr("60 samples, 2 components"));
  }
}

}  // namespace
}  // namespace tine_test
