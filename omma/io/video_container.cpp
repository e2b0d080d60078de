#include "omma/io/video_container.h"

#include <algorithm>
#include <string>
#include <string_view>

extern "C" {
#include <libavutil/avstring.h>
}

#include "omma/base/error.h"
#include "omma/io/video_codecs.h"

namespace omma {
namespace {

using ffmpeg::allocated;

constexpr const char* containers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,gif";

std::string reason(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof(text));
  return text;
}

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

int is_late(void* budget) { return static_cast<const DecodingBudget*>(budget)->is_late() ? 1 : 0; }

// EXIF's number for a display matrix: quarter turns and mirrors; 1 for others.
int orientation_of(const std::int32_t* matrix) {
  const auto sign = [&](int i) { return matrix[i] > 0 ? 1 : matrix[i] < 0 ? -1 : 0; };
  const int a = sign(0), b = sign(1), c = sign(3), d = sign(4);  // (x, y) is shown at (a x + c y, b x + d y)
  if (b == 0 && c == 0) return a > 0 ? (d > 0 ? 1 : 4) : (d > 0 ? 2 : 3);
  if (a == 0 && d == 0) return b > 0 ? (c > 0 ? 5 : 6) : (c > 0 ? 8 : 7);
  return 1;
}

bool shows_pictures(const AVStream& stream) {
  return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
}

std::int64_t pixels_of(const AVStream& stream) { return std::int64_t{stream.codecpar->width} * stream.codecpar->height; }

}  // namespace

// The source as FFmpeg reads it, which is given nothing else.
class VideoContainer::Bytes {
 public:
  explicit Bytes(const ByteSource& source) : source_(source) {
    constexpr int buffered = 1 << 16;
    auto* buffer = static_cast<unsigned char*>(allocated(av_malloc(buffered)));
    context_ = avio_alloc_context(buffer, buffered, 0, this, read, nullptr, seek);
    if (context_ == nullptr) av_free(buffer);
    allocated(context_);
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() {
    av_freep(&context_->buffer);
    avio_context_free(&context_);
  }

  AVIOContext* context() { return context_; }

 private:
  static int read(void* self, std::uint8_t* to, int count) {
    auto& bytes = *static_cast<Bytes*>(self);
    const std::int64_t taken = bytes.source_.read(bytes.place_, {to, static_cast<std::size_t>(count)});
    if (taken <= 0) return taken == 0 ? AVERROR_EOF : AVERROR(EIO);
    bytes.place_ += taken;
    return static_cast<int>(taken);
  }
  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    auto& bytes = *static_cast<Bytes*>(self);
    if ((whence & AVSEEK_SIZE) != 0) return bytes.source_.size();
    const int from = whence & ~AVSEEK_FORCE;
    const std::int64_t place = offset + (from == SEEK_CUR ? bytes.place_ : from == SEEK_END ? bytes.source_.size() : 0);
    return place < 0 ? AVERROR(EINVAL) : bytes.place_ = place;
  }

  const ByteSource& source_;
  std::int64_t place_ = 0;
  AVIOContext* context_ = nullptr;
};

VideoContainer::VideoContainer(std::shared_ptr<const ByteSource> source, const DecodingBudget& budget)
    : budget_(budget), source_(std::move(source)), bytes_(std::make_unique<Bytes>(*source_)), found_(allocated(av_packet_alloc())) {
  open();
  choose_stream();
}

VideoContainer::~VideoContainer() = default;

void VideoContainer::refuse(int error) const {
  budget_.expect_time();
  if (error == AVERROR(ENOMEM)) throw std::bad_alloc();
  fail("{}: no video that omma reads: {}", budget_.name(), reason(error));
}

void VideoContainer::open() {
  av_log_set_level(AV_LOG_QUIET);  // what is wrong is told by errors
  AVFormatContext* context = allocated(avformat_alloc_context());
  context->pb = bytes_->context();
  context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_GENPTS;
  context->io_open = refuse_to_open;
  context->interrupt_callback = {.callback = is_late, .opaque = const_cast<DecodingBudget*>(&budget_)};
  context->format_whitelist = allocated(av_strdup(containers));
  context->codec_whitelist = allocated(av_strdup(video_codecs));
  context->protocol_whitelist = allocated(av_strdup("none"));
  if (const int error = avformat_open_input(&context, nullptr, nullptr, nullptr); error < 0) refuse(error);  // which frees it
  container_.reset(context);
}

void VideoContainer::choose_stream() {
  AVFormatContext& context = *container_;
  for (unsigned i = 0; i < context.nb_streams; ++i)
    if (context.streams[i]->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) context.streams[i]->discard = AVDISCARD_ALL;
  if (const int error = avformat_find_stream_info(&context, nullptr); error < 0) refuse(error);
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    AVStream* stream = context.streams[i];
    if (shows_pictures(*stream) && (stream_ == nullptr || pixels_of(*stream) > pixels_of(*stream_))) stream_ = stream;
  }
  check(stream_ != nullptr, "{}: no video frames", budget_.name());
  for (unsigned i = 0; i < context.nb_streams; ++i)
    if (context.streams[i] != stream_) context.streams[i]->discard = AVDISCARD_ALL;
}

AVRational VideoContainer::pixel_aspect() const { return av_guess_sample_aspect_ratio(container_.get(), stream_, nullptr); }

int VideoContainer::orientation() const {
  const auto* matrix = reinterpret_cast<const std::int32_t*>(av_stream_get_side_data(stream_, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
  return matrix == nullptr ? 1 : orientation_of(matrix);
}

bool VideoContainer::read(AVPacket& packet) {
  av_packet_unref(&packet);
  if (found_->data != nullptr) {
    av_packet_move_ref(&packet, found_.get());
    return true;
  }
  for (;; av_packet_unref(&packet)) {
    budget_.expect_time();
    const int error = av_read_frame(container_.get(), &packet);
    if (error == AVERROR(ENOMEM)) throw std::bad_alloc();
    if (error < 0) return false;
    if (packet.stream_index == stream_->index && packet.size > 0) return true;
  }
}

FrameTable VideoContainer::find_frames() {
  FrameTable table;
  const ffmpeg::Packet packet(allocated(av_packet_alloc()));
  std::int64_t latest = AV_NOPTS_VALUE;
  while (read(*packet)) {
    const std::int64_t time = time_of(*packet);
    if (time == AV_NOPTS_VALUE) continue;
    if ((packet->flags & AV_PKT_FLAG_KEY) != 0)
      table.keys.push_back({.time = time, .order = packet->dts != AV_NOPTS_VALUE ? packet->dts : time});
    if ((packet->flags & AV_PKT_FLAG_DISCARD) != 0) continue;
    // What is shown before the key frame that it comes after in the file may be made of those before that.
    const std::int64_t last_key = std::ssize(table.keys) - 1;
    const bool leads = last_key > 0 && time < table.keys.back().time;
    table.frames.push_back({.time = time, .key = leads ? last_key - 1 : last_key});
    if (time >= latest) latest = time, table.last_duration = packet->duration;
    budget_.expect_frames(std::ssize(table.frames));
  }
  budget_.expect_time();
  std::ranges::stable_sort(table.frames, {}, &FrameTable::Frame::time);
  const auto is_repeated = [](const FrameTable::Frame& a, const FrameTable::Frame& b) { return a.time == b.time; };
  table.frames.erase(std::unique(table.frames.begin(), table.frames.end(), is_repeated), table.frames.end());
  check(!table.frames.empty(), "{}: no video frames", budget_.name());
  return table;
}

void VideoContainer::seek(const FrameTable::Key* key) {
  const auto go_to = [&](std::int64_t order) {
    av_packet_unref(found_.get());
    return av_seek_frame(container_.get(), stream_->index, order, AVSEEK_FLAG_BACKWARD) >= 0;
  };
  const auto go_to_beginning = [&] {
    const std::int64_t first = stream_->start_time != AV_NOPTS_VALUE ? stream_->start_time : 0;
    if (!go_to(first)) av_seek_frame(container_.get(), stream_->index, 0, AVSEEK_FLAG_BYTE);
  };
  if (key != nullptr && go_to(key->order) && finds(*key)) return;
  go_to_beginning();
  if (key != nullptr && !finds(*key)) go_to_beginning();
}

// Containers lead to a place before the key frame, some far before. What lies between is not to be decoded.
bool VideoContainer::finds(const FrameTable::Key& key) {
  while (read(*found_)) {
    const bool is_key = (found_->flags & AV_PKT_FLAG_KEY) != 0;
    if (is_key && time_of(*found_) == key.time) return true;
    if (is_key && time_of(*found_) > key.time) break;
    av_packet_unref(found_.get());
  }
  av_packet_unref(found_.get());
  return false;
}

bool begins_video_container(std::span<const std::uint8_t> beginning) {
  std::vector<std::uint8_t> padded(beginning.begin(), beginning.end());
  padded.resize(beginning.size() + AVPROBE_PADDING_SIZE);
  const AVProbeData data{.filename = "",
                         .buf = padded.data(),
                         .buf_size = static_cast<int>(std::min<std::size_t>(beginning.size(), 1 << 20)),
                         .mime_type = nullptr};
  const AVInputFormat* format = av_probe_input_format(&data, 1);
  return format != nullptr && (std::string_view(format->name) == "gif" || av_match_name(format->name, containers) != 0);
}

}  // namespace omma
