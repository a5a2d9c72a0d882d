// tine text as a user sees it.
#include "command.hpp"

namespace tine_test {
namespace {

using testing::HasSubstr;

class TextCommand : public SubcommandTest {
 protected:
  TextCommand() : SubcommandTest({"text"}) {}
  void SetUp() override {
    CommandTest::SetUp();
    write_text(path("a.txt"), "one two\ntwo Three\n");
    write_text(path("b.txt"), "two two\n\x01 no end");
    fs::create_directories(path("folder/below"));
    write_text(path("folder/below/c.txt"), "two\n");
  }
};

TEST_F(TextCommand, LinesAreFoundAndCounted) {
  EXPECT_EQ(answer({"find", "t.o$", "a.txt"}), "one two\n");
  EXPECT_EQ(answer({"find", "-n", "two", "a.txt", "b.txt"}),
            "a.txt:1:one two\na.txt:2:two Three\nb.txt:1:two two\n");
  EXPECT_EQ(answer({"find", "-c", "-v", "two", "a.txt", "b.txt"}), "a.txt:0\nb.txt:1\n");
  EXPECT_EQ(answer({"find", "-l", "-i", "three", "a.txt", "b.txt"}), "a.txt\n");
  EXPECT_EQ(answer({"find", "-w", "-F", "end", "b.txt"}), "\x01 no end\n");
  EXPECT_EQ(answer({"find", "--jsonl", "Three", "a.txt"}),
            "{\"file\":\"a.txt\",\"line\":2,\"text\":\"two Three\"}\n");
  EXPECT_EQ(answer({"find", "-r", "two", "folder"}), "folder/below/c.txt:two\n");
  EXPECT_EQ(answer({"find", "nothing", "a.txt"}), "");
}

TEST_F(TextCommand, WordsAndSizesAreRows) {
  EXPECT_EQ(answer({"words", "a.txt", "--top", "2"}), "word,count\ntwo,2\nThree,1\n");
  EXPECT_EQ(answer({"words", "-i", "-n", "2", "a.txt", "--json"}),
            "[\n{\"words\":\"one two\",\"count\":1},\n{\"words\":\"two three\",\"count\":1}\n]\n");
  EXPECT_EQ(answer({"sizes", "a.txt", "b.txt", "-o", "sizes.csv"}), "");
  EXPECT_EQ(text_of(path("sizes.csv")), "file,lines,words,bytes\na.txt,2,4,18\nb.txt,1,4,16\n");
}

TEST_F(TextCommand, WhatCannotBeReadIsSaidAndTheRestIsDone) {
  const Result some = call({"find", "one", "nowhere.txt", "a.txt"});
  EXPECT_EQ(some.status, 1);
  EXPECT_EQ(some.out, "a.txt:one two\n");
  EXPECT_EQ(some.err, "tine: nowhere.txt cannot be read: No such file or directory\n");
  EXPECT_EQ(call({"sizes", "nowhere.txt"}).status, 3);
  EXPECT_THAT(call({"find", "one", "folder"}).err, HasSubstr("--recursive"));
}

TEST_F(TextCommand, WrongUseIsExplained) {
  const Result r = call({"find", "(", "a.txt"});
  EXPECT_EQ(r.status, 2);
  EXPECT_EQ(r.err, "tine: ( is no regular expression: missing ): (\n");
  EXPECT_EQ(call({"find", "-c", "-l", "one", "a.txt"}).status, 2);
  EXPECT_EQ(call({"words", "-n", "0", "a.txt"}).status, 2);
  EXPECT_EQ(call({"a.txt"}).status, 2);
}

TEST_F(TextCommand, StandardInputIsAFile) {
  const std::string line = std::string("printf 'a b\\nb' | ") + TINE_COMMAND + " text words -";
  EXPECT_EQ(finish(start({"/bin/sh", "-c", line})).out, "word,count\nb,2\na,1\n");
}

}  // namespace
}  // namespace tine_test
