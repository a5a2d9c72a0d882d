// tine scan as a user sees it.
#include <pty.h>
#include <signal.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "kill_worker.hpp"
#include "support/child.hpp"
#include "support/fixture.hpp"
#include "support/processes.hpp"

namespace tine_test {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string flights = "carrier,month,delay\nAA,1,12\nDL,1,31\nAA,2,47\nDL,2,\nAA,1,8\n";

std::string gzipped(const std::string& text) {
  std::string result(compressBound(text.size()) + 100, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

std::string zstd(const std::string& text) {
  std::string result(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  result.resize(ZSTD_compress2(context, result.data(), result.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return result;
}

class ScanCommand : public SubcommandTest {
 protected:
  ScanCommand() : SubcommandTest({"scan"}) {}
  void SetUp() override {
    CommandTest::SetUp();
    write_text(path("flights.csv"), flights);
  }
  // Rows with quotes, text and numbers.
  void write_large(const std::string& name, int rows) const {
    std::ofstream file(path(name));
    file << "id,group,text,x\n";
    for (int i = 0; i < rows; ++i)
      file << i << ",g" << i * 7 % 1000 << ",\"a, " << i << "\n\"\"b\"\"\"," << i * 0.37 << '\n';
  }
  // What a terminal of this size shows, without the progress, which is told when a scan takes a while.
  std::string on_a_terminal(std::vector<std::string> arguments, unsigned short columns = 80) {
    arguments.insert(arguments.begin(), {TINE_COMMAND, "scan", "--progress", "never"});
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    int master = -1;
    const pid_t pid = forkpty(&master, nullptr, nullptr, &size);
    if (pid == 0) {
      if (chdir(folder_.c_str()) != 0) _exit(126);
      std::vector<char*> argv;
      for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
      argv.push_back(nullptr);
      execvp(argv[0], argv.data());
      _exit(127);
    }
    std::string text;
    char bytes[4096];
    for (ssize_t got; (got = read(master, bytes, sizeof bytes)) > 0;)
      text.append(bytes, static_cast<std::size_t>(got));
    int status = -1;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0) << text;
    close(master);
    std::erase(text, '\r');
    return text;
  }
};

TEST_F(ScanCommand, WithoutClausesAllRowsAreShown) {
  EXPECT_EQ(answer({"flights.csv"}), flights);
}

TEST_F(ScanCommand, EachClauseGoesWithoutTheOthers) {
  EXPECT_EQ(answer({"flights.csv", "--where", "delay > 15 and carrier = 'AA'"}),
            "carrier,month,delay\nAA,2,47\n");
  EXPECT_EQ(answer({"flights.csv", "--select", "delay / 2 as half, carrier", "--limit", "1"}),
            "half,carrier\n6,AA\n");
  EXPECT_EQ(answer({"flights.csv", "--agg", "count, count(delay) as n, mean(delay) as m"}),
            "count,n,m\n5,4,24.5\n");
  EXPECT_EQ(answer({"flights.csv", "--group-by", "carrier"}), "carrier\nAA\nDL\n");
  EXPECT_EQ(answer({"flights.csv", "--order-by", "-delay", "--limit", "2"}),
            "carrier,month,delay\nAA,2,47\nDL,1,31\n");
  EXPECT_EQ(answer({"flights.csv", "--limit", "0"}), "carrier,month,delay\n");
}

TEST_F(ScanCommand, GroupsAreCountedAndOrdered) {
  EXPECT_EQ(answer({"flights.csv", "--group-by", "carrier,month", "--agg",
                    "count, mean(delay) as m", "--order-by", "-count,month", "--limit", "2"}),
            "carrier,month,count,m\nAA,1,2,10\nDL,1,1,31\n");
}

TEST_F(ScanCommand, FormatsAreThoseThatAreAskedFor) {
  EXPECT_EQ(answer({"flights.csv", "--limit", "1", "--jsonl"}),
            "{\"carrier\":\"AA\",\"month\":1,\"delay\":12}\n");
  EXPECT_EQ(answer({"flights.csv", "--limit", "1", "--to", "json"}),
            "[\n{\"carrier\":\"AA\",\"month\":1,\"delay\":12}\n]\n");
  EXPECT_EQ(answer({"flights.csv", "--limit", "1", "--to", "table"}),
            "carrier  month  delay\nAA           1     12\n");
  for (const auto& [name, text] : {std::pair{"o.csv", "month\n1\n"},
                                   {"o.json", "[\n{\"month\":1}\n]\n"},
                                   {"o.jsonl", "{\"month\":1}\n"},
                                   {"o.tsv", "month\n1\n"},
                                   {"o", "month\n1\n"}}) {
    answer({"flights.csv", "--select", "month", "--limit", "1", "-o", name});
    EXPECT_EQ(text_of(path(name)), text) << name;
  }
}

TEST_F(ScanCommand, SchemaAndPlanAreShown) {
  EXPECT_EQ(answer({"flights.csv", "--schema"}),
            "column,type\ncarrier,string\nmonth,int\ndelay,int\n");
  EXPECT_EQ(nlohmann::json::parse(answer({"flights.csv", "--schema", "--json"}))[2],
            (nlohmann::json{{"column", "delay"}, {"type", "int"}}));
  EXPECT_EQ(answer({"flights.csv", "--schema", "--types", "delay=float,month=string"}),
            "column,type\ncarrier,string\nmonth,string\ndelay,float\n");
  EXPECT_THAT(error({"flights.csv", "--schema", "--where", "delay > 15"}, 2),
              HasSubstr("--where excludes --schema"));
  EXPECT_THAT(answer({"flights.csv", "--explain", "--where", "delay > 15"}),
              HasSubstr("delay > 15"));
}

TEST_F(ScanCommand, CsvIsReadAsIsSaid) {
  write_text(path("a.txt"), "1|x\n.|?\n");
  EXPECT_EQ(answer({"a.txt", "--delimiter", "|", "--header", "no", "--nulls", ".,?", "--types",
                    "column1=int", "--agg", "count(column1) as n"}),
            "n\n1\n");
  write_text(path("b.csv"), "\"price, EUR\"\n1\n");
  EXPECT_EQ(answer({"b.csv", "--types", "price, EUR=float", "--schema"}),
            "column,type\n\"price, EUR\",float\n");
}

TEST_F(ScanCommand, ATerminalGetsATable) {
  EXPECT_THAT(on_a_terminal({"flights.csv"}),
              StartsWith("carrier  month  delay\nAA           1     12\n"));
  EXPECT_THAT(on_a_terminal({"flights.csv"}), HasSubstr("\ntine: 5 of 5 rows, "));
  write_large("large.csv", 1000);
  const std::string text = on_a_terminal({"large.csv", "--select", "id"});
  EXPECT_THAT(text, HasSubstr("\n 19\n  …\n980\n"));
  EXPECT_THAT(text, HasSubstr("\n999\n1000 rows; --limit 1000 or -o FILE gives all of them\n"));
  EXPECT_THAT(on_a_terminal({"large.csv", "--select", "id", "--limit", "50"}),
              HasSubstr("\n49\ntine: "));
  EXPECT_THAT(on_a_terminal({"flights.csv"}, 10), HasSubstr("\n2 more columns: month, delay\n"));
}

TEST_F(ScanCommand, ATerminalIsNotSteeredByFiles) {
  write_text(path("a.csv"), "a\x1b[2J,b\nx\x1b]0;title\x07,1\n");
  for (const char* format : {"table", "csv", "json"})
    EXPECT_THAT(on_a_terminal({"a.csv", "--to", format}), Not(HasSubstr("\x1b"))) << format;
  EXPECT_THAT(answer({"a.csv"}), HasSubstr("\x1b[2J"));
  EXPECT_THAT(error({"a.csv", "--where", "c = '\x1b[2J'"}, 2), Not(HasSubstr("\x1b")));
}

TEST_F(ScanCommand, QueriesThatAreWrongShowThePlace) {
  EXPECT_THAT(error({"flights.csv", "--where", "month = 1 and dely > 15"}, 2),
              testing::AllOf(StartsWith("tine: --where: "), HasSubstr("delay"),
                             EndsWith("\n  month = 1 and dely > 15\n                ^\n")));
  EXPECT_THAT(error({"flights.csv", "--agg", "maen(delay)"}, 2), StartsWith("tine: --agg: "));
  EXPECT_THAT(error({"flights.csv", "--group-by", "carier"}, 2), StartsWith("tine: --group-by: "));
  EXPECT_THAT(error({"flights.csv", "--order-by", "-delya"}, 2), StartsWith("tine: --order-by: "));
  EXPECT_THAT(error({"flights.csv", "--select", "carrier +"}, 2), StartsWith("tine: --select: "));
  EXPECT_THAT(error({"flights.csv", "--where", "carrier + 1 > 2"}, 2), StartsWith("tine: --where"));
}

TEST_F(ScanCommand, WrongUsageIsSaidToBe) {
  EXPECT_THAT(error({"flights.csv", "--to", "jsno"}, 2), HasSubstr("did you mean json?"));
  EXPECT_THAT(error({"flights.csv", "--types", "a=flot"}, 2), HasSubstr("did you mean float?"));
  EXPECT_THAT(error({"flights.csv", "--types", "delay"}, 2), HasSubstr("=TYPE"));
  EXPECT_THAT(error({"flights.csv", "--types", "a=int,a=int"}, 2), HasSubstr("twice"));
  EXPECT_THAT(error({"flights.csv", "--delimiter", "ab"}, 2), HasSubstr("--delimiter ab"));
  EXPECT_THAT(error({"flights.csv", "--json", "--csv"}, 2), HasSubstr("excludes"));
  EXPECT_THAT(error({"flights.csv", "--limit", "-1"}, 2), HasSubstr("--limit"));
  EXPECT_THAT(error({"flights.csv", "--header", "maybe"}, 2),
              HasSubstr("maybe is none of auto, no, yes"));
  EXPECT_THAT(error({"flights.csv", "--progress", "loud"}, 2),
              HasSubstr("loud is none of auto, json, never"));
  EXPECT_THAT(error({}, 2), HasSubstr("FILE"));
  EXPECT_THAT(call({"--help"}).out, HasSubstr("Examples, for a file that this makes:"));
}

TEST_F(ScanCommand, AHistogramHasBarsForPeople) {
  const std::vector<std::string> query = {"flights.csv", "--histogram", "delay, 2, 0, 40"};
  EXPECT_EQ(answer(query), "from,to,count\n0,20,2\n20,40,1\n");
  std::vector<std::string> table = query;
  table.insert(table.end(), {"--to", "table"});
  std::string bar, half;
  for (int i = 0; i < 40; ++i) bar += "█";
  for (int i = 0; i < 20; ++i) half += "█";
  EXPECT_EQ(answer(table),
            "from  to  count  \n   0  20      2  " + bar + "\n  20  40      1  " + half + "\n");
  EXPECT_THAT(on_a_terminal(query), HasSubstr(bar));
  EXPECT_THAT(on_a_terminal({"flights.csv", "--histogram", "delay, 100"}), Not(HasSubstr("…")));
  EXPECT_THAT(error({"flights.csv", "--histogram", "carrier, 2"}, 2),
              StartsWith("tine: --histogram: a histogram is of numbers"));
}

TEST_F(ScanCommand, SamplesAreChosenBySeeds) {
  write_large("large.csv", 5000);
  const auto sample = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"large.csv", "--select", "id"});
    return answer(more);
  };
  const std::string some = sample({"--sample", "100"});
  EXPECT_EQ(std::count(some.begin(), some.end(), '\n'), 101);
  EXPECT_EQ(sample({"--sample", "100", "-j", "1"}), some);
  EXPECT_NE(sample({"--sample", "100", "--seed", "1"}), some);
  EXPECT_EQ(sample({"--sample", "100%"}), sample({}));
  EXPECT_THAT(error({"large.csv", "--sample", "no"}, 2), StartsWith("tine: --sample: "));
  EXPECT_THAT(error({"large.csv", "--seed", "1"}, 2), HasSubstr("--sample"));
}

TEST_F(ScanCommand, TablesAreJoined) {
  write_text(path("carriers.csv"), "carrier,name\nAA,American\nUA,United\n");
  write_text(path("codes.csv"), "code,month\nAA,first\n");
  EXPECT_EQ(
      answer({"flights.csv", "--join", "carriers.csv", "--on", "carrier", "--where", "month = 1"}),
      "carrier,month,delay,name\nAA,1,12,American\nAA,1,8,American\n");
  EXPECT_EQ(answer({"flights.csv", "--join", "carriers.csv", "--on", "carrier", "--left",
                    "--group-by", "name", "--agg", "count", "--json"}),
            "[\n{\"name\":\"American\",\"count\":3},\n{\"name\":null,\"count\":2}\n]\n");
  EXPECT_EQ(
      answer({"flights.csv", "--join", "codes.csv", "--on", "carrier = code", "--limit", "1"}),
      "carrier,month,delay,code,month_right\nAA,1,12,AA,first\n");
  // Either may be compressed, or come from a pipe.
  write_text(path("flights.gz"), gzipped(flights));
  write_text(path("carriers.zst"), zstd(text_of(path("carriers.csv"))));
  const std::string joined = answer({"flights.gz", "--join", "carriers.zst", "--on", "carrier"});
  EXPECT_EQ(answer({"flights.csv", "--join", "carriers.csv", "--on", "carrier"}), joined);
  EXPECT_EQ(finish(start({"sh", "-c",
                          TINE_COMMAND " scan flights.gz --join - --on carrier < carriers.zst"}))
                .out,
            joined);
  EXPECT_THAT(answer({"flights.csv", "--explain", "--join", "carriers.csv", "--on", "carrier"}),
              HasSubstr("with a table of 2 rows on carrier"));
}

TEST_F(ScanCommand, JoinsThatCannotBeAreSaid) {
  write_text(path("carriers.csv"), "carrier,month\nAA,first\n");
  EXPECT_THAT(error({"flights.csv", "--join", "carriers.csv"}, 2), HasSubstr("--on"));
  EXPECT_THAT(error({"flights.csv", "--on", "carrier"}, 2), HasSubstr("--join"));
  EXPECT_THAT(error({"-", "--join", "-", "--on", "carrier"}, 2), HasSubstr("standard input"));
  EXPECT_THAT(error({"flights.csv", "--join", "none.csv", "--on", "carrier"}, 1),
              StartsWith("tine: none.csv: cannot be opened"));
  EXPECT_THAT(error({"flights.csv", "--join", "carriers.csv", "--on", "carier"}, 2),
              StartsWith("tine: --on: the table on the left has no column carier"));
  EXPECT_THAT(error({"flights.csv", "--join", "carriers.csv", "--on", "month"}, 2),
              StartsWith("tine: --on: the key month is of type int on the left and string"));
  EXPECT_EQ(answer({"flights.csv", "--join", "carriers.csv", "--on", "month", "--types",
                    "month=string", "--agg", "count"}),
            "count\n0\n");
  write_text(path("numbers.csv"), "month,n\n1,10\n");
  EXPECT_THAT(answer({"flights.csv", "--join", "numbers.csv", "--on", "month", "--join-types",
                      "n=float", "--json", "--limit", "1"}),
              HasSubstr("10.0"));
  write_large("large.csv", 50000);
  EXPECT_THAT(
      error({"large.csv", "--join", "large.csv", "--on", "id", "--memory", "1M"}, 1),
      testing::AllOf(StartsWith("tine: large.csv takes more memory"), HasSubstr("--memory")));
}

// What the help shows can be done.
TEST_F(ScanCommand, TheExamplesOfTheHelpWork) {
  std::istringstream help(call({"--help"}).out);
  const std::string folder = std::filesystem::path(TINE_COMMAND).parent_path();
  int commands = 0;
  for (std::string line; std::getline(help, line);) {
    if (!line.starts_with("  tine scan ") && !line.starts_with("  printf ") &&
        !line.starts_with("  gzip "))
      continue;
    const Result r = finish(start({"sh", "-c", "PATH=" + folder + ":$PATH; " + line}));
    EXPECT_EQ(r.status, 0) << line << r.err;
    EXPECT_EQ(r.out.empty(), line.starts_with("  printf")) << line;
    ++commands;
  }
  EXPECT_EQ(commands, 12);
}

TEST_F(ScanCommand, BrokenRowsAreNamedOrSkipped) {
  write_text(path("a.csv"), "a,b\n1,2\n3\n4,5,6\n7,8\n");
  EXPECT_THAT(error({"a.csv"}, 1), testing::AllOf(StartsWith("tine: a.csv"), HasSubstr("line 3")));
  EXPECT_THAT(error({"a.csv", "--agg", "sum(a)"}, 1), HasSubstr("line 3"));
  const Result r = call({"a.csv", "--skip-bad"});
  EXPECT_EQ(r.status, 0);
  EXPECT_EQ(r.out, "a,b\n1,2\n7,8\n");
  EXPECT_THAT(r.err, HasSubstr("tine: 2 bad rows were skipped:\n"));
  EXPECT_THAT(r.err, HasSubstr("line 3"));
}

TEST_F(ScanCommand, FilesThatCannotBeReadAreNamed) {
  write_text(path("old.csv"), "a,b\r1,2\r");
  EXPECT_THAT(error({"old.csv"}, 1), HasSubstr("CR alone"));
  for (const char* const delimiter : {"\"", "\r", "\n"})
    EXPECT_THAT(error({"flights.csv", "--delimiter", delimiter}, 2), HasSubstr("--delimiter"));
  EXPECT_THAT(error({"none.csv"}, 1), StartsWith("tine: none.csv: cannot be opened: No such file"));
  EXPECT_THAT(error({"."}, 1), StartsWith("tine: .: is not a regular file"));
  EXPECT_THAT(error({"flights.csv:/x"}, 1), StartsWith("tine: flights.csv:/x: is"));
}

TEST_F(ScanCommand, OutputsAppearWholeOrNotAtAll) {
  write_text(path("a.csv"), "a,b\n1,2\n3\n");
  EXPECT_EQ(call({"a.csv", "-o", "b.csv"}).status, 1);
  EXPECT_FALSE(std::filesystem::exists(path("b.csv")));
  write_text(path("b.csv"), "precious");
  EXPECT_THAT(error({"flights.csv", "-o", "b.csv"}, 1),
              HasSubstr("b.csv exists already; --force replaces it\n"));
  EXPECT_EQ(call({"a.csv", "-o", "b.csv", "--force"}).status, 1);
  EXPECT_EQ(text_of(path("b.csv")), "precious");
  EXPECT_EQ(answer({"flights.csv", "-o", "b.csv", "--force"}), "");
  EXPECT_EQ(text_of(path("b.csv")), flights);
  EXPECT_THAT(files_in("."), ElementsAre("a.csv", "b.csv", "flights.csv"));
}

TEST_F(ScanCommand, OutputsReplaceNoDevices) {
  std::filesystem::create_symlink("/dev/full", path("device.csv"));
  EXPECT_THAT(error({"flights.csv", "-o", "device.csv", "--force"}, 1),
              HasSubstr("is no regular file"));
  EXPECT_TRUE(std::filesystem::is_symlink(path("device.csv")));
  EXPECT_THAT(error({"flights.csv", "-o", "b.csv.gz"}, 2), HasSubstr("not compressed"));
}

TEST_F(ScanCommand, ColumnsKeepTheirNames) {
  write_text(path("a.csv"), "Arrival Delay,\"price, EUR\"\n1,2\n");
  EXPECT_EQ(answer({"a.csv", "--select", "\"Arrival Delay\", \"price, EUR\"", "--csv"}),
            "Arrival Delay,\"price, EUR\"\n1,2\n");
  EXPECT_EQ(answer({"a.csv", "--group-by", "\"Arrival Delay\"", "--json"}),
            "[\n{\"Arrival Delay\":1}\n]\n");
  EXPECT_EQ(answer({"a.csv", "--types", "Arrival Delay=float, price, EUR=string", "--schema"}),
            answer({"a.csv", "--types", "price, EUR=string,Arrival Delay=float", "--schema"}));
}

TEST_F(ScanCommand, StandardInputAndCompressedFiles) {
  write_text(path("a.gz"), gzipped(flights));
  write_text(path("a.zst"), zstd(flights));
  // Members and frames one after another, an empty one, a frame to be skipped, zeros after the end.
  write_text(path("b.gz"), gzipped(flights.substr(0, 20)) + gzipped("") +
                               gzipped(flights.substr(20)) + std::string(1000, '\0'));
  write_text(path("b.zst"), "\x50\x2a\x4d\x18\x03" + std::string(3, '\0') + "abc" +
                                zstd(flights.substr(0, 20)) + zstd(flights.substr(20)));
  for (const std::string file : {"flights.csv", "a.gz", "a.zst", "b.gz", "b.zst"}) {
    EXPECT_EQ(answer({file}), flights) << file;
    const Result r = finish(start({"sh", "-c", "cat " + file + " | " TINE_COMMAND " scan -"}));
    EXPECT_EQ(r.out, flights) << r.err;
    EXPECT_EQ(finish(start({"sh", "-c", TINE_COMMAND " scan - < " + file})).out, flights);
  }
  // What was read of it already does not come again.
  EXPECT_EQ(
      finish(start({"sh", "-c", "(read line; " TINE_COMMAND " scan - --limit 1) < flights.csv"}))
          .out,
      "column1,column2,column3\nAA,1,12\n");
}

TEST_F(ScanCommand, CompressedFilesThatAreBrokenAreRefused) {
  for (const auto& compress : {gzipped, zstd}) {
    std::string text;
    for (int i = 0; i < 50000; ++i) text += std::to_string(i) + "," + std::to_string(i * 7) + "\n";
    const std::string whole = compress(text);
    write_text(path("a"), whole.substr(0, whole.size() - 5));
    EXPECT_THAT(error({"a"}, 1), HasSubstr("tine: a: truncated"));
    std::string wrong = whole;
    for (std::size_t i = wrong.size() / 2; i < wrong.size() / 2 + 100; ++i) wrong[i] ^= 0x55;
    write_text(path("a"), wrong);
    EXPECT_THAT(error({"a"}, 1), testing::AllOf(HasSubstr("tine: a: "), HasSubstr("near byte")));
    write_text(path("a"), whole + "rubbish");
    EXPECT_THAT(error({"a"}, 1), HasSubstr("tine: a: corrupt"));
  }
}

TEST_F(ScanCommand, WhatExpandsBeyondTheRoomThereIsIsRefused) {
  // A folder with little room: the file system of the machine decides, so make one if we may.
  write_text(path("bomb.zst"), [] {
    std::string all;
    const std::string frame = zstd(std::string(64 << 20, '1'));
    for (int i = 0; i < 8; ++i) all += frame;
    return all;
  }());
  const Result r = finish(
      start({"unshare", "-rm", "sh", "-c",
             "mkdir t && mount -t tmpfs -o size=64m none t && TMPDIR=$PWD/t exec " TINE_COMMAND
             " scan bomb.zst"}));
  if (r.status != 1 || r.err.find("unshare") != r.err.npos || r.err.find("mount") != r.err.npos)
    GTEST_SKIP() << "no file system can be mounted here: " << r.err;
  EXPECT_THAT(r.err,
              testing::AllOf(HasSubstr("bomb.zst: holds more than 57.6 MiB"), HasSubstr("TMPDIR")));
}

TEST_F(ScanCommand, MatricesAreTables) {
  // A .npy file of version 1: 3 x 2 int16.
  std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2), }";
  header.resize(118 - 1, ' ');
  header += '\n';
  write_text(path("a.npy"), std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header +
                                std::string("\x01\0\x02\0\x03\0\x04\0\xff\xff\x06\0", 12));
  if (!TINE_HAS_MATRIX) {
    EXPECT_THAT(error({"a.npy"}, 1), HasSubstr("no tine::matrix"));
    return;
  }
  EXPECT_EQ(answer({"a.npy"}), "c0,c1\n1,2\n3,4\n-1,6\n");
  EXPECT_EQ(answer({"a.npy", "--agg", "sum(c0) as s", "--where", "c1 > 2"}), "s\n2\n");
  EXPECT_EQ(answer({"a.npy", "--schema"}), "column,type\nc0,int\nc1,int\n");
  EXPECT_THAT(error({"a.npy", "--types", "c0=float"}, 2), HasSubstr("--types is for CSV"));
  EXPECT_THAT(error({"a.npy", "--where", "c2 > 1"}, 2), StartsWith("tine: --where: "));
  std::string truncated = text_of(path("a.npy"));
  truncated.pop_back();
  write_text(path("b.npy"), truncated);
  EXPECT_THAT(error({"b.npy"}, 1), StartsWith("tine: b.npy: "));
}

TEST_F(ScanCommand, SameBytesOnAnyNumberOfWorkersAndAfterAnyDeath) {
  write_large("large.csv", 60000);
  write_text(path("large.csv.gz"), gzipped(text_of(path("large.csv"))));
  const std::vector<std::vector<std::string>> queries = {
      {"large.csv"},
      {"large.csv", "--group-by", "group", "--agg", "count, sum(x) as s, p90(x) as p", "--json"},
      {"large.csv", "--select", "text, x * 3 as y", "--where", "x > 100", "--order-by", "-y"},
      {"large.csv.gz", "--agg", "sum(x) as s, stddev(x) as d"},
  };
  std::mt19937 random(4);
  int killed = 0;
  for (std::vector<std::string> query : queries) {
    const std::string whole = answer(query);
    EXPECT_FALSE(whole.empty());
    for (const char* workers : {"1", "2", "7"}) {
      std::vector<std::string> with = query;
      with.insert(with.end(), {"-j", workers});
      EXPECT_TRUE(answer(with) == whole) << query[1] << workers;
    }
    query.insert(query.begin(), {TINE_COMMAND, "scan"});
    query.insert(query.end(), {"-j", "2"});
    for (int i = 0; i < 8; ++i) {
      const pid_t command = start(query);
      killed += kill_a_worker(command, random, 60000);
      const Result r = finish(command);
      ASSERT_EQ(r.status, 0) << r.err;
      EXPECT_TRUE(r.out == whole) << query[2];
    }
  }
  EXPECT_GE(killed, 1);
}

TEST_F(ScanCommand, InterruptedItLeavesNothing) {
  write_large("large.csv", 500000);
  const pid_t command =
      start({TINE_COMMAND, "scan", "large.csv", "-o", "b.csv", "--order-by", "-text"});
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  kill(command, SIGINT);
  const Result r = finish(command);
  EXPECT_EQ(r.status, 130) << r.err;
  EXPECT_THAT(files_in("."), ElementsAre("flights.csv", "large.csv"));
}

TEST_F(ScanCommand, AReaderThatGoesEndsIt) {
  write_large("large.csv", 100000);
  const Result r = finish(start({"sh", "-c", TINE_COMMAND " scan large.csv | head -n 1"}));
  EXPECT_EQ(r.status, 0);
  EXPECT_EQ(r.out, "id,group,text,x\n");
  EXPECT_EQ(r.err, "");
}

TEST_F(ScanCommand, WithoutWorkersItIsTheSame) {
  const Result r = call({"flights.csv"}, {{"TINE_SERIAL", "1"}});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(r.out, flights);
  EXPECT_THAT(r.err, HasSubstr("in no sandbox"));
  EXPECT_EQ(answer({"flights.csv", "--no-sandbox"}), flights);
}

TEST_F(ScanCommand, ProgressIsToldAsJson) {
  write_large("large.csv", 200000);
  const Result r = call({"large.csv", "--agg", "sum(x)", "--progress", "json"});
  EXPECT_EQ(r.status, 0);
  std::istringstream lines(r.err);
  for (std::string line; std::getline(lines, line);)
    EXPECT_EQ(nlohmann::json::parse(line)["total"], std::filesystem::file_size(path("large.csv")));
}

TEST_F(ScanCommand, AnswersAreThoseOfPandas) {
  ASSERT_STRNE(PEER_PYTHON, "TINE_PEER_PYTHON-NOTFOUND")
      << "there is no /usr/bin/python3; on Debian: apt install python3-pandas python3-sklearn";
  const Result r = finish(start({PEER_PYTHON, PEER_SCRIPTS "/scan_peers.py", TINE_COMMAND,
                                 folder_.string(), TINE_HAS_MATRIX ? "1" : "0"}));
  EXPECT_EQ(r.status, 0) << r.out << r.err;
}

}  // namespace
}  // namespace tine_test
