// tine mine itemsets as a user sees it.
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace tine_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

const std::string orders =
    "order,product,price\n"
    "1,bread,2\n1,milk,1\n"
    "2,bread,2\n2,milk,1\n2,eggs,3\n"
    "3,eggs,3\n"
    "4,bread,2\n";

class MineItemSetsCommand : public SubcommandTest {
 protected:
  MineItemSetsCommand() : SubcommandTest({"mine", "itemsets"}) {}
  void SetUp() override {
    CommandTest::SetUp();
    write_text(path("orders.csv"), orders);
    write_text(path("lists.csv"), "who,what\na,bread;milk\nb,\nc,\"milk; eggs;milk\"\n");
    write_text(path("lines.txt"), "1 2 3\n2 3\n\n3\n");
  }
};

TEST_F(MineItemSetsCommand, SetsOfRowsComeMostFrequentFirst) {
  EXPECT_EQ(
      answer({"orders.csv", "--transaction", "order", "--item", "product", "--min-support", "0.5"}),
      "items,length,count,support\n"
      "bread,1,3,0.75\n"
      "\"bread, milk\",2,2,0.5\n"
      "eggs,1,2,0.5\n"
      "milk,1,2,0.5\n");
  EXPECT_EQ(answer({"orders.csv", "--transaction", "order", "--item", "upper(product)", "--where",
                    "price > 1", "--min-count", "2", "--max-length", "1", "--json"}),
            "[\n"
            "{\"items\":\"BREAD\",\"length\":1,\"count\":3,\"support\":0.75},\n"
            "{\"items\":\"EGGS\",\"length\":1,\"count\":2,\"support\":0.5}\n"
            "]\n");
}

TEST_F(MineItemSetsCommand, RulesComeMostConfidentFirst) {
  EXPECT_EQ(answer({"orders.csv", "--transaction", "order", "--item", "product", "--min-count", "2",
                    "--rules", "--to", "table"}),
            "antecedent  consequent  count  support    confidence         lift\n"
            "milk        bread           2      0.5             1  1.333333333\n"
            "bread       milk            2      0.5  0.6666666667  1.333333333\n");
  EXPECT_EQ(answer({"orders.csv", "--transaction", "order", "--item", "product", "--min-count", "2",
                    "--rules", "--min-confidence", "0.9"}),
            "antecedent,consequent,count,support,confidence,lift\n"
            "milk,bread,2,0.5,1,1.3333333333333333\n");
}

TEST_F(MineItemSetsCommand, ListsAreInAColumnOrInLines) {
  const Result lists = call(
      {"lists.csv", "--items", "what", "--separator", ";", "--min-count", "2", "--skip-missing"});
  EXPECT_EQ(lists.out, "items,length,count,support\nmilk,1,2,1\n");
  EXPECT_EQ(lists.err, "tine: 1 row with a missing value was left out\n");
  EXPECT_EQ(answer({"lines.txt", "--lines", "--separator", " ", "--min-count", "2"}),
            "items,length,count,support\n3,1,3,1\n2,1,2,0.6666666666666666\n"
            "2 3,2,2,0.6666666666666666\n");
}

TEST_F(MineItemSetsCommand, AFileAppearsWholeAndOnce) {
  const std::vector<std::string> arguments = {
      "orders.csv", "--transaction", "order", "--item", "product", "-o", "sets.csv"};
  EXPECT_EQ(answer(arguments), "");
  EXPECT_THAT(text_of(path("sets.csv")), StartsWith("items,length,count,support\nbread,1,3,"));
  EXPECT_THAT(error(arguments, 1), HasSubstr("sets.csv"));
}

TEST_F(MineItemSetsCommand, WrongUseIsExplained) {
  EXPECT_THAT(error({"orders.csv"}, 2), HasSubstr("where are the items?"));
  EXPECT_THAT(error({"orders.csv", "--transaction", "order"}, 2), HasSubstr("--item"));
  EXPECT_THAT(error({"orders.csv", "--lines", "--items", "product"}, 2), HasSubstr("either"));
  EXPECT_THAT(error({"orders.csv", "--transaction", "ordre", "--item", "product"}, 2),
              HasSubstr("--transaction or --item: there is no column ordre; did you mean order?"));
  EXPECT_THAT(error({"orders.csv", "--items", "product +"}, 2), HasSubstr("--items: "));
  EXPECT_THAT(error({"orders.csv", "--items", "product", "--where", "price"}, 2),
              HasSubstr("--where: "));
  EXPECT_THAT(error({"orders.csv", "--items", "product", "--min-support", "3"}, 2),
              HasSubstr("at most 1"));
  EXPECT_THAT(error({"orders.csv", "--items", "product", "--min-count", "0"}, 2),
              HasSubstr("1 or more"));
  EXPECT_THAT(error({"orders.csv", "--items", "product", "--min-confidence", "0.5"}, 2),
              HasSubstr("--rules"));
}

TEST_F(MineItemSetsCommand, BadDataIsExplained) {
  EXPECT_THAT(error({"lists.csv", "--items", "what"}, 1),
              HasSubstr("what is missing in row 2; --skip-missing"));
  EXPECT_THAT(error({"orders.csv", "--items", "product", "--where", "price > 9"}, 1),
              HasSubstr("no rows"));
  std::string same;
  for (int line = 0; line < 20; ++line) {
    for (int item = 0; item < 50; ++item) same += std::to_string(item) + ' ';
    same += '\n';
  }
  write_text(path("same.txt"), same);
  EXPECT_THAT(error({"same.txt", "--lines", "--separator", " ", "--memory", "32M"}, 1),
              testing::AllOf(HasSubstr("there are more than"), HasSubstr("least support")));
}

TEST_F(MineItemSetsCommand, OutputIsTheSameForAnyNumberOfWorkers) {
  std::string text = "order,product\n";
  for (unsigned i = 0; i < 30'000; ++i)
    text += std::to_string(i * 7919 % 5000) + ',' + std::to_string(i * i % 211) + '\n';
  write_text(path("large.csv"), text);
  std::string first;
  for (const char* workers : {"1", "2", "3"}) {
    const std::string got = answer({"large.csv", "--transaction", "order", "--item", "product",
                                    "--min-count", "3", "-j", workers});
    if (first.empty()) first = got;
    EXPECT_GT(got.size(), 1000u);
    EXPECT_TRUE(got == first) << workers << " workers";
  }
}

}  // namespace
}  // namespace tine_test
