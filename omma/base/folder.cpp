#include "omma/base/folder.h"

#include <algorithm>
#include <system_error>

#include "omma/base/error.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// Appends the files of `folder`, and its sub-folders to `folders`.
void list_folder(const fs::path& folder, std::vector<fs::path>& files, std::vector<fs::path>& folders) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code broken;  // a link that leads nowhere, or to itself
    const fs::file_status status = entry->status(broken);
    if (fs::is_directory(status))
      folders.push_back(entry->path());
    else if ((fs::is_regular_file(status) || entry->is_symlink(broken)) && !entry->path().filename().string().starts_with("._"))
      files.push_back(entry->path());
  }
  check(!error, "{}: {}", folder.string(), error.message());
}

// `above` are the folders that lead here, this one among them.
void list_below(std::vector<fs::path>& above, std::vector<fs::path>& files) {
  std::vector<fs::path> folders;
  list_folder(above.back(), files, folders);
  for (fs::path& folder : folders) {
    for (const fs::path& earlier : above)
      check(!fs::equivalent(folder, earlier), "{}: a link that leads back to {}", folder.string(), earlier.string());
    above.push_back(std::move(folder));
    list_below(above, files);
    above.pop_back();
  }
}

}  // namespace

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files, folders;
  list_folder(folder, files, folders);
  std::ranges::sort(files);
  return files;
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> above{folder}, files;
  list_below(above, files);
  std::ranges::sort(files);
  return files;
}

}  // namespace omma
