// The file server and workers that do not keep to the rules: what they send was written by whoever
// has taken them over.
#include "file_server.hpp"
#include "descriptor_message.hpp"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fixture.hpp"

namespace tine_test {
namespace {

namespace fs = std::filesystem;
using tine::app::Descriptor;
using tine::app::FileReply;
using tine::app::FileRequest;
using tine::app::FileServer;
using tine::app::socket_pair;
using tine::app::Task;

void send_with_descriptor(const Descriptor& socket, const void* data, std::size_t bytes, int fd) {
  EXPECT_GE(tine::app::send_message(socket.get(), data, bytes, std::span(&fd, 1)), 0);
}

class FileServerTest : public NothingLeftBehind {
 protected:
  static constexpr std::size_t count = 20;
  static constexpr std::size_t read_only = count;     // a task after those
  static constexpr std::size_t expanded = count + 1;  // one with a scratch file

  void SetUp() override {
    char name[] = "/tmp/tine-files-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    for (std::size_t i = 0; i < count; ++i) {
      Task task;
      task.input = (folder_ / ("in" + std::to_string(i))).string();
      task.output = (folder_ / "out" / std::to_string(i)).string();
      std::ofstream(task.input) << "input " << i;
      tasks_.push_back(task);
    }
    std::vector<Task> served = tasks_;
    served.emplace_back().input = tasks_[0].input;
    served.emplace_back().input = tasks_[0].input;
    scratch_ = Descriptor(open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
    served.back().scratch = scratch_.get();
    auto [ours, theirs] = socket_pair();
    door_ = std::move(theirs);
    server_.emplace(std::move(ours), served, false);
    for (std::size_t i = 0; i < count; ++i) server_->prepare_output(i);
  }
  void TearDown() override {
    server_.reset();
    door_.reset();
    scratch_.reset();
    fs::remove_all(folder_);
  }

  // A worker's socket to the server.
  Descriptor connect() {
    auto [ours, theirs] = socket_pair();
    send_with_descriptor(door_, "", 1, theirs.get());
    return std::move(ours);
  }

  struct Answer {
    bool came = false;  // or the server has closed the socket
    FileReply reply;
    std::vector<Descriptor> files;
  };
  static Answer receive(const Descriptor& worker) {
    Answer answer;
    answer.came = tine::app::receive_message(worker.get(), &answer.reply, sizeof answer.reply,
                                             answer.files) > 0;
    return answer;
  }
  static void tell(const Descriptor& worker, FileRequest::Kind kind, std::uint32_t task) {
    const FileRequest request{kind, task, 3, 4, {}};
    send(worker.get(), &request, sizeof request, MSG_NOSIGNAL);
  }
  static Answer ask(const Descriptor& worker, FileRequest::Kind kind, std::uint32_t task) {
    tell(worker, kind, task);
    return receive(worker);
  }
  static void put(const Answer& answer, const std::string& text) {
    ASSERT_EQ(answer.files.size(), 2u);
    EXPECT_EQ(write(answer.files[1].get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  Task result(std::size_t task) {
    server_->settle();
    std::vector<Task> told = tasks_;
    server_->tell(told);
    return told[task];
  }
  std::string output(std::size_t task) const {
    std::ostringstream text;
    text << std::ifstream(tasks_[task].output).rdbuf();
    return text.str();
  }
  std::size_t outputs() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_ / "out"), fs::directory_iterator()));
  }

  fs::path folder_;
  std::vector<Task> tasks_;
  Descriptor door_, scratch_;
  std::optional<FileServer> server_;
};

TEST_F(FileServerTest, passes_an_input_to_read_and_an_output_to_write) {
  const Descriptor worker = connect();
  const Answer answer = ask(worker, FileRequest::want_both, 7);
  EXPECT_EQ(answer.reply.kind, FileReply::granted);
  ASSERT_EQ(answer.files.size(), 2u);
  char text[20] = {};
  EXPECT_EQ(read(answer.files[0].get(), text, sizeof text), 7);
  EXPECT_STREQ(text, "input 7");
  EXPECT_LT(write(answer.files[0].get(), text, 1), 0);
  EXPECT_LT(read(answer.files[1].get(), text, 1), 0);
  put(answer, "whole");
  EXPECT_EQ(outputs(), 0u) << "before it is complete";
  tell(worker, FileRequest::complete, 7);
  EXPECT_TRUE(result(7).written);
  EXPECT_EQ(result(7).columns, 3);
  EXPECT_EQ(output(7), "whole");
  EXPECT_EQ(ask(worker, FileRequest::want_input, 8).files.size(), 1u);
  EXPECT_EQ(ask(worker, FileRequest::want_output, 8).files.size(), 1u);
}

TEST_F(FileServerTest, what_a_dead_worker_wrote_is_gone_and_the_next_starts_from_an_empty_file) {
  for (const char* text : {"a beginning that is long", "another"}) {
    const Descriptor worker = connect();
    put(ask(worker, FileRequest::want_both, 0), text);
  }
  const Descriptor worker = connect();
  put(ask(worker, FileRequest::want_both, 0), "end");
  EXPECT_FALSE(result(0).is_over());
  EXPECT_EQ(outputs(), 0u);
  tell(worker, FileRequest::complete, 0);
  EXPECT_TRUE(result(0).written);
  EXPECT_EQ(output(0), "end");
}

TEST_F(FileServerTest, an_output_stands_when_its_worker_dies_after_that_and_is_not_made_twice) {
  {
    const Descriptor worker = connect();
    put(ask(worker, FileRequest::want_both, 0), "whole");
    tell(worker, FileRequest::complete, 0);
  }
  EXPECT_TRUE(result(0).written);
  const Descriptor next = connect();
  const Answer answer = ask(next, FileRequest::want_both, 0);
  EXPECT_EQ(answer.reply.kind, FileReply::over);
  EXPECT_TRUE(answer.files.empty());
  tell(next, FileRequest::failed, 0);
  EXPECT_TRUE(result(0).written);
}

TEST_F(FileServerTest, only_the_task_that_was_asked_for_can_be_ended) {
  const Descriptor worker = connect(), other = connect();
  put(ask(other, FileRequest::want_both, 2), "half");
  tell(worker, FileRequest::complete, 2);
  tell(worker, FileRequest::failed, 2);
  EXPECT_FALSE(result(2).is_over());
  // An end without an output is none.
  EXPECT_EQ(ask(worker, FileRequest::want_input, 3).files.size(), 1u);
  tell(worker, FileRequest::complete, 3);
  EXPECT_FALSE(result(3).written);
  EXPECT_EQ(outputs(), 0u);
}

TEST_F(FileServerTest, nonsense_ends_the_connection_and_nothing_else) {
  const Descriptor good = connect();
  FileRequest request;
  request.task = expanded + 1;
  request.kind = FileRequest::want_both;
  std::vector<std::string> messages(
      1, std::string(reinterpret_cast<const char*>(&request), sizeof request));
  request.task = 0;
  request.kind = static_cast<FileRequest::Kind>(77);
  messages.emplace_back(reinterpret_cast<const char*>(&request), sizeof request);
  messages.emplace_back("short");
  messages.emplace_back(10'000, 'x');
  for (const std::string& message : messages) {
    const Descriptor bad = connect();
    EXPECT_TRUE(ask(bad, FileRequest::want_both, 1).came);
    EXPECT_GT(send(bad.get(), message.data(), message.size(), 0), 0);
    EXPECT_FALSE(receive(bad).came);
  }
  put(ask(good, FileRequest::want_both, 1), "good");
  tell(good, FileRequest::complete, 1);
  EXPECT_TRUE(result(1).written);
}

TEST_F(FileServerTest, questions_without_end_and_without_listening_stop_nobody_else) {
  std::vector<Descriptor> bad;
  for (int i = 0; i < 3; ++i) bad.push_back(connect());
  std::atomic<bool> stop = false;
  std::thread flood([&] {
    while (!stop)
      for (Descriptor& worker : bad) {
        const FileRequest request{FileRequest::want_both, 4, 0, 0, {}};
        if (send(worker.get(), &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
            errno == EPIPE)
          worker = connect();
      }
  });
  const Descriptor good = connect();
  for (std::uint32_t task = 5; task < count; ++task) {
    put(ask(good, FileRequest::want_both, task), "good");
    tell(good, FileRequest::complete, task);
    EXPECT_TRUE(result(task).written);
  }
  stop = true;
  flood.join();
}

TEST_F(FileServerTest, has_no_more_open_than_two_files_for_each_worker) {
  const Descriptor worker = connect();
  const std::size_t before = Holdings::now().descriptors.size();
  for (std::uint32_t task = 0; task < count; ++task)
    EXPECT_EQ(ask(worker, FileRequest::want_both, task).files.size(), 2u);
  server_->settle();
  EXPECT_LE(Holdings::now().descriptors.size(), before + 2);  // its socket, and the last output
  // What a worker sends along is not taken.
  const FileRequest request{FileRequest::want_both, 0, 0, 0, {}};
  for (int i = 0; i < 10; ++i) {
    send_with_descriptor(worker, &request, sizeof request, STDERR_FILENO);
    EXPECT_TRUE(receive(worker).came);
  }
  server_->settle();
  EXPECT_LE(Holdings::now().descriptors.size(), before + 2);
}

TEST_F(FileServerTest, refuses_what_is_no_regular_file_with_a_reason) {
  fs::remove(tasks_[0].input);
  fs::remove(tasks_[1].input);
  fs::create_directory(tasks_[1].input);
  const Descriptor worker = connect();
  Answer answer = ask(worker, FileRequest::want_both, 0);
  EXPECT_EQ(answer.reply.kind, FileReply::refused);
  EXPECT_EQ(answer.reply.text.str(), "cannot be opened: No such file or directory");
  EXPECT_TRUE(answer.files.empty());
  answer = ask(worker, FileRequest::want_both, 1);
  EXPECT_EQ(answer.reply.text.str(), "is not a regular file");
}

TEST_F(FileServerTest, a_task_without_output_is_only_read_and_never_over) {
  const Descriptor worker = connect();
  for (const auto kind : {FileRequest::want_output, FileRequest::want_both}) {
    const Answer answer = ask(worker, kind, read_only);
    EXPECT_EQ(answer.reply.kind, FileReply::refused);
    EXPECT_EQ(answer.reply.text.str(), "is only to be read");
    EXPECT_TRUE(answer.files.empty());
  }
  for (const auto kind : {FileRequest::failed, FileRequest::complete}) {
    tell(worker, kind, read_only);
    const Answer answer = ask(worker, FileRequest::want_input, read_only);
    EXPECT_EQ(answer.reply.kind, FileReply::granted);
    EXPECT_EQ(answer.files.size(), 1u);
  }
  server_->settle();
  EXPECT_EQ(server_->count().failed, 0u);
}

TEST_F(FileServerTest, a_scratch_file_is_that_of_the_command_and_stays) {
  for (const char* text : {"first", "again"}) {  // the first worker dies
    const Descriptor worker = connect();
    const Answer answer = ask(worker, FileRequest::want_both, expanded);
    EXPECT_EQ(answer.reply.kind, FileReply::granted);
    ASSERT_EQ(answer.files.size(), 2u);
    EXPECT_EQ(pwrite(answer.files[1].get(), text, 5, 0), 5);
    EXPECT_EQ(ask(worker, FileRequest::want_input, expanded).files.size(), 1u);
  }
  char text[5];
  EXPECT_EQ(pread(scratch_.get(), text, 5, 0), 5);
  EXPECT_EQ(std::string(text, 5), "again");
}

TEST_F(FileServerTest, what_a_worker_says_cannot_steer_a_terminal) {
  const Descriptor worker = connect();
  EXPECT_TRUE(ask(worker, FileRequest::want_both, 0).came);
  FileRequest request{FileRequest::failed, 0, 0, 0, {}};
  memset(request.text.characters, '\x1b', sizeof request.text.characters);  // and no end
  send(worker.get(), &request, sizeof request, 0);
  EXPECT_EQ(result(0).failure, std::string(sizeof request.text.characters, '?'));
}

}  // namespace
}  // namespace tine_test
