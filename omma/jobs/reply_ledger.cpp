#include "omma/jobs/reply_ledger.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/json.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// The whole lines, and how many bytes they take.
std::map<std::string, TeacherReply> read_lines(const fs::path& file, std::size_t& bytes) {
  std::map<std::string, TeacherReply> replies;
  bytes = 0;
  if (!fs::exists(file)) return replies;
  const std::string text = read_file(file);
  for (std::size_t end = text.find('\n'), number = 1; end != std::string::npos; end = text.find('\n', bytes), ++number) {
    const std::string where = fmt::format("{}:{}", file.string(), number);
    const json line = parse_json(std::string_view(text).substr(bytes, end - bytes), where);
    try {
      replies[line.at("key")] = {.text = line.at("reply"),
                                 .prompt_tokens = line.at("prompt_tokens"),
                                 .tokens = line.at("tokens"),
                                 .is_cut = line.value("cut", false)};
    } catch (const json::exception& error) {
      fail("{}: no reply of a teacher: {}", where, error.what());
    }
    bytes = end + 1;
  }
  return replies;
}

void flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) fail_runtime("{}: cannot flush: {}", folder.string(), std::strerror(errno));
}

}  // namespace

ReplyLedger::ReplyLedger(fs::path file) : file_(std::move(file)) {
  std::size_t bytes = 0;
  replies_ = read_lines(file_, bytes);
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0 || ::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0)
    fail_runtime("{}: cannot write: {}", file_.string(), std::strerror(errno));
  flush_folder(file_.has_parent_path() ? file_.parent_path() : fs::path("."));
}

ReplyLedger::~ReplyLedger() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void ReplyLedger::add(const std::string& key, const TeacherReply& reply) {
  const std::lock_guard lock(mutex_);
  json object = {{"key", key}, {"reply", reply.text}, {"prompt_tokens", reply.prompt_tokens}, {"tokens", reply.tokens}};
  if (reply.is_cut) object["cut"] = true;
  const std::string line = dump_json(object) + "\n";
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t put = ::write(descriptor_, line.data() + done, line.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail_runtime("{}: cannot write: {}", file_.string(), std::strerror(errno));
    done += static_cast<std::size_t>(put);
  }
  if (::fsync(descriptor_) != 0) fail_runtime("{}: cannot flush: {}", file_.string(), std::strerror(errno));
  replies_[key] = reply;
}

std::map<std::string, TeacherReply> read_replies(const fs::path& file) {
  std::size_t bytes = 0;
  return read_lines(file, bytes);
}

void ReplyCost::add(const TeacherReply& reply) {
  ++requests;
  prompt_tokens += reply.prompt_tokens;
  tokens += reply.tokens;
}

}  // namespace omma
