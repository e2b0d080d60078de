// The minimal build has no FFmpeg.
#include "omma/base/error.h"
#include "omma/io/video_writer.h"

namespace omma {

struct VideoWriter::State {};

void expect_video_name(const std::filesystem::path& file) { fail("{}: this build writes no video (OMMA_MINIMAL)", file.string()); }

VideoWriter::VideoWriter(std::filesystem::path file, int, std::string_view) { expect_video_name(file); }
VideoWriter::~VideoWriter() = default;
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;

void VideoWriter::append(const Image&, double) {}
void VideoWriter::finish(std::optional<double>) {}
std::int64_t VideoWriter::frames() const { return 0; }
std::string_view VideoWriter::codec() const { return ""; }

}  // namespace omma
