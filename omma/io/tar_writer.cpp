#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <new>
#include <set>

#include "omma/base/error.h"
#include "omma/io/quote.h"
#include "omma/io/tar_name.h"
#include "omma/io/tar_shard.h"

namespace omma {

namespace fs = std::filesystem;

struct TarShardWriter::State {
  fs::path file;
  fs::path partial;
  archive* writer = nullptr;
  archive_entry* entry = nullptr;
  std::set<std::string, std::less<>> keys;

  ~State() {
    archive_entry_free(entry);
    archive_write_free(writer);
    std::error_code ignored;
    fs::remove(partial, ignored);  // published by now, or not wanted
  }

  void expect(long result) const {
    if (result < 0) fail_runtime("{}: cannot write: {}", file.string(), archive_error_string(writer));
  }
};

TarShardWriter::TarShardWriter(fs::path file) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.file = std::move(file);
  state.partial = state.file.string() + fmt::format(".{}.partial", ::getpid());
  state.writer = archive_write_new();
  state.entry = archive_entry_new();
  if (state.writer == nullptr || state.entry == nullptr) throw std::bad_alloc();
  // GNU: names as they are whatever the locale, where pax would note the character set in a way that tar warns of.
  state.expect(archive_write_set_format_gnutar(state.writer));
  state.expect(archive_write_open_filename(state.writer, state.partial.c_str()));
}

TarShardWriter::~TarShardWriter() = default;
TarShardWriter::TarShardWriter(TarShardWriter&&) noexcept = default;

void TarShardWriter::append(std::string_view key, std::span<const ShardFile> files) {
  State& state = *state_;
  check(!files.empty(), "{}: sample {} has no members", state.file.string(), quote(key));
  check(state.keys.emplace(key).second, "{}: a second sample {}", state.file.string(), quote(key));
  std::set<std::string_view> extensions;
  for (const ShardFile& member : files) {
    const std::string name = fmt::format("{}.{}", key, member.extension);
    const MemberName read_back = parse_member_name(name, TarLimits().name_bytes);
    check(read_back.key == key && read_back.extension == member.extension && extensions.insert(member.extension).second,
          "{}: {} cannot name a sample's member {}", state.file.string(), quote(name), read_back.refusal);
    archive_entry_clear(state.entry);
    archive_entry_set_pathname(state.entry, name.c_str());
    archive_entry_set_size(state.entry, static_cast<la_int64_t>(member.bytes.size()));
    archive_entry_set_filetype(state.entry, AE_IFREG);
    archive_entry_set_perm(state.entry, 0644);
    archive_entry_set_mtime(state.entry, 0, 0);
    state.expect(archive_write_header(state.writer, state.entry));
    state.expect(archive_write_data(state.writer, member.bytes.data(), member.bytes.size()));
  }
}

void TarShardWriter::finish() {
  state_->expect(archive_write_close(state_->writer));
  publish_file(state_->partial, state_->file);
}

}  // namespace omma
