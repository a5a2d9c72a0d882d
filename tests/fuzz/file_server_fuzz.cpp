// What a worker tells the file server, which runs outside of the sandbox: a worker that a hostile
// file has taken over may send anything. An output must be there whole, or not at all.
//
// Input: records of a kind, a task, a length, and that many bytes: the text of a request, or, for a
// kind beyond those that there are, a message of their own.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "descriptor_message.hpp"
#include "file_server.hpp"
#include "require.hpp"

namespace app = tine::app;
namespace fs = std::filesystem;
using app::FileRequest;

namespace {

constexpr std::size_t task_count = 3;
const std::string content(5000, 'x');

struct Folder {
  fs::path path;
  std::vector<app::Task> tasks{task_count};

  Folder() {
    std::string name =
        (fs::exists("/dev/shm") ? "/dev/shm" : "/tmp") + std::string("/tine-fuzz-XXXXXX");
    require(mkdtemp(name.data()) != nullptr, "no folder could be made");
    path = name;
    std::ofstream(path / "input") << "pixels";
    for (std::size_t i = 0; i < task_count; ++i) {
      tasks[i].input = path / (i == 1 ? "missing" : "input");
      tasks[i].output = path / "out" / std::to_string(i);
    }
  }
  ~Folder() { fs::remove_all(path); }
};

/// A message with a descriptor, as a worker announces itself.
void announce(int door, int socket) {
  require(app::send_message(door, "", 1, std::span(&socket, 1)) == 1,
          "the worker could not be announced");
}

/// Takes all replies; writes the output's content to every descriptor that can be written.
void take_replies(int socket) {
  app::FileReply reply;
  std::vector<app::Descriptor> files;
  while (app::receive_message(socket, &reply, sizeof reply, files, MSG_DONTWAIT) > 0)
    for (const app::Descriptor& file : files)
      if ((fcntl(file.get(), F_GETFL) & O_ACCMODE) != O_RDONLY)
        require(pwrite(file.get(), content.data(), content.size(), 0) == ssize_t(content.size()),
                "an output could not be written");
}

void talk(app::FileServer& server, int socket, std::span<const std::uint8_t> records) {
  constexpr std::size_t header = 3;
  while (records.size() > header) {
    FileRequest request;
    request.kind = static_cast<FileRequest::Kind>(records[0]);
    request.task = records[1] == 0xff ? ~0u : records[1];
    const std::size_t length = std::min<std::size_t>(records[2], records.size() - header);
    const auto* text = reinterpret_cast<const char*>(records.data()) + header;
    records = records.subspan(header + length);
    if (request.kind <= FileRequest::failed + 2) std::copy_n(text, length, request.text.characters);
    const bool raw = request.kind >= 128;
    send(socket, raw ? static_cast<const void*>(text) : &request, raw ? length : sizeof request,
         MSG_NOSIGNAL | MSG_DONTWAIT);
    server.settle();
    take_replies(socket);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  std::vector<app::Task> tasks = folder.tasks;
  {
    auto [door, workers_door] = app::socket_pair();
    app::FileServer server(std::move(door), tasks, true);
    for (std::size_t i = 0; i < task_count; ++i) server.prepare_output(i);
    auto [socket, servers_end] = app::socket_pair();
    announce(workers_door.get(), servers_end.get());
    servers_end.reset();
    server.settle();
    talk(server, socket.get(), {data, size});
    server.tell(tasks);
    const auto [written, failed] = server.count();
    require(written == std::size_t(std::ranges::count_if(tasks, &app::Task::written)),
            "outputs are counted wrong");
    require(written + failed <= task_count, "a task was done twice");
  }
  std::size_t written = 0;
  for (const app::Task& task : tasks) {
    require(!(task.written && !task.failure.empty()), "written, and failed");
    if (!task.written) continue;
    ++written;
    std::ifstream file(task.output, std::ios::binary);
    require(std::string{std::istreambuf_iterator<char>(file), {}} == content,
            "an output is not whole");
  }
  const auto entries = fs::directory_iterator(folder.path / "out");
  require(written == std::size_t(std::distance(begin(entries), end(entries))),
          "an output that nobody is told of");
  fs::remove_all(folder.path / "out");
  return 0;
}
