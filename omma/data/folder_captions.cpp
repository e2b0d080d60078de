// A folder of pictures, each with its text in a .txt of the same name beside it: what many downloaders leave (img2dataset's
// "files").
#include <set>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/data/caption_readers.h"
#include "omma/io/image_file.h"
#include "omma/text/utf8.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

struct FolderNames {  // relative to it
  std::set<fs::path> pictures, texts;
};

FolderNames names_in(const fs::path& folder) {
  FolderNames names;
  for (const fs::path& file : files_below(folder)) {
    fs::path name = file.lexically_relative(folder);
    if (lower_extension(file) == ".txt")
      names.texts.insert(std::move(name));
    else if (has_picture_extension(file))
      names.pictures.insert(std::move(name));
  }
  return names;
}

void read_caption_file(const fs::path& file, CaptionSample& sample, DatasetReport& report) {
  try {
    const std::string text = read_file(file, max_caption_bytes);
    check(is_valid_utf8(text), "{}: not UTF-8", file.string());
    read_texts(text, sample.key, sample.captions, report);
  } catch (const std::invalid_argument& error) {
    report.add(DatasetFault::malformed_text, sample.key, error.what());
  }
}

}  // namespace

std::unique_ptr<CaptionDataset> open_caption_folder(const fs::path& path, std::string_view split,
                                                    const CaptionDatasetOptions& options) {
  const fs::path folder = split.empty() ? path : path_inside(path, split);
  check(fs::is_directory(folder), "data: expected a folder of pictures and texts, got {}", folder.string());
  const FolderNames names = names_in(folder);
  std::set<fs::path> unused_texts = names.texts;
  std::vector<CaptionFiles::Record> records;
  DatasetReport report;
  for (const fs::path& picture : names.pictures) {
    CaptionFiles::Record record{.sample = {.key = picture.string(), .captions = {}}, .image = folder / picture};
    const fs::path text = fs::path(picture).replace_extension(".txt");
    unused_texts.erase(text);
    if (names.texts.contains(text))
      read_caption_file(folder / text, record.sample, report);
    else
      report.add(DatasetFault::missing_pair, picture.string(), "no " + text.filename().string() + " beside it");
    if (!record.sample.captions.empty()) records.push_back(std::move(record));
  }
  for (const fs::path& text : unused_texts) report.add(DatasetFault::missing_pair, text.string(), "no picture beside it");
  report.count_records(records.size() + report.total(), report.total());
  check_faults(report, records.size(), "sample", options.max_fault_share, folder.string());
  return std::make_unique<CaptionFiles>(std::move(records), std::move(report), options.image_limits);
}

}  // namespace omma
