// tine mine pca, knn and dbscan as a user sees them.
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class MineNeighboursCommand : public SubcommandTest {
 protected:
  MineNeighboursCommand() : SubcommandTest({"mine"}) {}
  // Three blobs of 40 plants, far from each other, and one plant far from all.
  void SetUp() override {
    CommandTest::SetUp();
    std::string text = "kind,height,width,weight\n";
    for (int i = 0; i < 120; ++i) {
      const int blob = i % 3;
      const double height = 10 * blob + i * 37 % 11 * 0.1, width = 5 * blob + i * 13 % 7 * 0.1;
      text += std::string(blob == 0   ? "moss"
                          : blob == 1 ? "fern"
                                      : "tree") +
              ',' + std::to_string(height) + ',' + std::to_string(width) + ',' +
              std::to_string(2 * height + width) + '\n';
    }
    write_text(path("plants.csv"), text + "tree,90,-40,140\n");
  }
};

TEST_F(MineNeighboursCommand, ComponentsOfRowsAreWhatTheModelPredicts) {
  const json facts =
      json::parse(answer({"pca", "plants.csv", "--scale", "--json", "-o", "model.json", "--rows",
                          "rows.csv", "--plot", "plot.svg", "--colour", "kind"}));
  ASSERT_EQ(facts["components"].size(), 3);
  EXPECT_NEAR(facts["components"][2]["together"], 1, 1e-12);
  EXPECT_NEAR(facts["components"][2]["variance"], 0, 1e-6);  // weight is of height and width
  EXPECT_THAT(text_of(path("rows.csv")), StartsWith("kind,height,width,weight,pc1,pc2,pc3\nmoss,"));
  EXPECT_EQ(answer({"predict", "model.json", "plants.csv"}), text_of(path("rows.csv")));
  EXPECT_THAT(text_of(path("plot.svg")), HasSubstr("fern"));
  EXPECT_THAT(answer({"show", "model.json"}), HasSubstr("components"));
  EXPECT_THAT(error({"pca", "plants.csv", "-k", "4"}, 1), HasSubstr("at most 3"));
}

TEST_F(MineNeighboursCommand, ClassesAreThoseOfTheNearest) {
  for (const std::string weights : {"uniform", "distance"}) {
    SCOPED_TRACE(weights);
    const std::string model = weights + ".json", rows = weights + ".csv";
    const json facts = json::parse(answer({"knn", "plants.csv", "--target", "kind", "--weights",
                                           weights, "--json", "-o", model, "--rows", rows}));
    EXPECT_EQ(facts["samples"], 121);
    EXPECT_EQ(facts["classes"], 3);
    EXPECT_EQ(facts["leave_one_out_accuracy"], 1);  // the one far away is nearest to the trees
    EXPECT_THAT(text_of(path(rows)), StartsWith("kind,height,width,weight,prediction\n"));
    write_text(path("new.csv"), "weight,width,height\n45,10,20\n0,0,0\n");
    EXPECT_THAT(answer({"predict", model, "new.csv"}),
                AllOf(HasSubstr("45,10,20,tree"), HasSubstr("0,0,0,moss")));
    EXPECT_THAT(answer({"show", model}), HasSubstr(weights));
  }
}

TEST_F(MineNeighboursCommand, NumbersAreMeansOfTheNearest) {
  const json facts =
      json::parse(answer({"knn", "plants.csv", "--features", "height, width", "--target", "weight",
                          "--number", "-k", "1", "--json", "-o", "model.json"}));
  // Of one in 121 it is 90 off, or a little less.
  EXPECT_NEAR(facts["leave_one_out_rmse"], 8, 0.3);
  write_text(path("new.csv"), "height,width\n90,-40\n");
  EXPECT_THAT(answer({"predict", "model.json", "new.csv"}), HasSubstr("90,-40,140"));
  EXPECT_THAT(error({"knn", "plants.csv", "--target", "weight"}, 2),
              HasSubstr("--number predicts numbers"));
  EXPECT_THAT(error({"knn", "plants.csv", "--target", "colour"}, 2),
              AllOf(HasSubstr("no column colour"), Not(HasSubstr("--number"))));
  EXPECT_THAT(error({"knn", "plants.csv", "--target", "kind", "--number"}, 2),
              HasSubstr("a number is to be predicted, and this is of type string"));
}

TEST_F(MineNeighboursCommand, AsManyNeighboursAsSamplesCannotBeLeftOut) {
  const json facts = json::parse(
      answer({"knn", "plants.csv", "--target", "kind", "-k", "121", "--json", "-o", "model.json"}));
  EXPECT_FALSE(facts.contains("leave_one_out_accuracy"));
  EXPECT_THAT(answer({"predict", "model.json", "plants.csv"}), HasSubstr("tree,90,-40,140,tree,"));
  EXPECT_THAT(error({"knn", "plants.csv", "--target", "kind", "-k", "122"}, 1),
              HasSubstr("1 to 121"));
}

TEST_F(MineNeighboursCommand, ClustersAreDenseAndTheRestIsNoise) {
  const json facts = json::parse(answer({"dbscan", "plants.csv", "--eps", "2", "--json", "--rows",
                                         "rows.csv", "--plot", "plot.svg"}));
  EXPECT_EQ(facts["clusters"], 3);
  EXPECT_EQ(facts["noise"], 1);
  EXPECT_EQ(facts["largest"][0]["size"], 40);
  EXPECT_THAT(text_of(path("rows.csv")),
              AllOf(StartsWith("kind,height,width,weight,cluster,core\nmoss,"),
                    HasSubstr(",0,true\n"), HasSubstr("tree,90,-40,140,-1,false\n")));
  EXPECT_THAT(text_of(path("plot.svg")),
              HasSubstr("3 clusters of 121 samples, 1 of them noise (grey)"));
}

TEST_F(MineNeighboursCommand, DistancesHelpToChooseEps) {
  const json facts = json::parse(
      answer({"dbscan", "plants.csv", "--k-distances", "--json", "--plot", "plot.svg"}));
  const json& distances = facts["k_distances"];
  ASSERT_GT(distances.size(), 1);
  EXPECT_LT(distances.front()["within"], 2);
  EXPECT_THAT(text_of(path("plot.svg")), StartsWith("<svg"));
  EXPECT_THAT(error({"dbscan", "plants.csv"}, 2), HasSubstr("--k-distances"));
  EXPECT_THAT(error({"dbscan", "plants.csv", "--eps", "-1"}, 2), HasSubstr("--eps"));
  EXPECT_THAT(error({"dbscan", "plants.csv", "--eps", "1", "--k-distances"}, 2),
              HasSubstr("--k-distances"));
}

}  // namespace
}  // namespace tine_test
