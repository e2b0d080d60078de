// Clips through FFmpeg's libraries.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libswscale/swscale.h>
}

#include "omma/base/error.h"
#include "omma/io/video_file.h"
#include "omma/vision/orientation.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr const char* containers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,gif";
constexpr const char* decoders =
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,mpeg1video,mpeg2video,mpeg4,msmpeg4,mjpeg,gif,ffv1,huffyuv,prores,rawvideo,png,flv,"
    "h263";

template <auto free>
struct Freeing {
  template <class T>
  void operator()(T* pointer) const {
    free(&pointer);
  }
};
using Packet = std::unique_ptr<AVPacket, Freeing<av_packet_free>>;
using Frame = std::unique_ptr<AVFrame, Freeing<av_frame_free>>;
using Decoder = std::unique_ptr<AVCodecContext, Freeing<avcodec_free_context>>;
using Container = std::unique_ptr<AVFormatContext, Freeing<avformat_close_input>>;
struct FreeScaler {
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
};

template <class T>
T allocated(T pointer) {
  if (!pointer) throw std::bad_alloc();
  return pointer;
}

std::string reason(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(error, text, sizeof(text));
  return text;
}

// --- Bytes, which is all that FFmpeg is given
// -----------------------------------------------------------------------------------------

class Source {
 public:
  virtual ~Source() = default;
  virtual std::int64_t size() const = 0;
  virtual std::int64_t read(std::int64_t offset, std::uint8_t* to, std::int64_t count) = 0;  // below 0: it cannot be read
};

class MemorySource : public Source {
 public:
  explicit MemorySource(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::int64_t size() const override { return std::ssize(bytes_); }
  std::int64_t read(std::int64_t offset, std::uint8_t* to, std::int64_t count) override {
    const std::int64_t taken = std::min(count, size() - offset);
    std::copy_n(bytes_.data() + offset, taken, to);
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

// Read and not mapped, so that a large file takes no memory.
class FileSource : public Source {
 public:
  explicit FileSource(const fs::path& file) : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    struct stat status{};
    const bool found = descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0;
    const std::string error = std::strerror(errno);
    if (found && S_ISREG(status.st_mode)) {
      size_ = status.st_size;
      return;
    }
    if (descriptor_ >= 0) ::close(descriptor_);
    fail("{}: {}", file.string(), found ? "expected a file" : error);
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  ~FileSource() override { ::close(descriptor_); }

  std::int64_t size() const override { return size_; }
  std::int64_t read(std::int64_t offset, std::uint8_t* to, std::int64_t count) override {
    return ::pread(descriptor_, to, static_cast<std::size_t>(std::min(count, size_ - offset)), offset);
  }

 private:
  int descriptor_;
  std::int64_t size_ = 0;
};

class Stream {
 public:
  explicit Stream(Source& source) : source_(source) {
    constexpr int buffered = 1 << 16;
    auto* buffer = static_cast<unsigned char*>(allocated(av_malloc(buffered)));
    context_ = avio_alloc_context(buffer, buffered, 0, this, read, nullptr, seek);
    if (context_ == nullptr) av_free(buffer);
    allocated(context_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    av_freep(&context_->buffer);
    avio_context_free(&context_);
  }

  AVIOContext* context() { return context_; }

 private:
  static int read(void* self, std::uint8_t* to, int count) {
    auto& stream = *static_cast<Stream*>(self);
    if (stream.place_ >= stream.source_.size()) return AVERROR_EOF;
    const std::int64_t taken = stream.source_.read(stream.place_, to, count);
    if (taken <= 0) return taken == 0 ? AVERROR_EOF : AVERROR(EIO);
    stream.place_ += taken;
    return static_cast<int>(taken);
  }
  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    auto& stream = *static_cast<Stream*>(self);
    if ((whence & AVSEEK_SIZE) != 0) return stream.source_.size();
    const int from = whence & ~AVSEEK_FORCE;
    const std::int64_t place = offset + (from == SEEK_CUR ? stream.place_ : from == SEEK_END ? stream.source_.size() : 0);
    return place < 0 ? AVERROR(EINVAL) : stream.place_ = place;
  }

  Source& source_;
  std::int64_t place_ = 0;
  AVIOContext* context_ = nullptr;
};

// --- Frames
// ---------------------------------------------------------------------------------------------------------------------------

struct StoredFrame {
  std::int64_t time = 0;      // presentation time stamp, in the stream's unit
  std::int64_t key_time = 0;  // of the packet to begin decoding at: its place in the file's order
  bool is_key = false;
};

// A field of an enumeration as files fill it: with any number.
template <class Enum>
int number_in(const Enum& field) {
  int number;
  static_assert(sizeof(number) == sizeof(field));
  std::memcpy(&number, &field, sizeof(number));
  return number;
}

int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

// EXIF's number for a display matrix: quarter turns and mirrors; 1 for others.
int orientation_of(const std::int32_t* matrix) {
  const auto sign = [&](int i) { return matrix[i] > 0 ? 1 : matrix[i] < 0 ? -1 : 0; };
  const int a = sign(0), b = sign(1), c = sign(3), d = sign(4);  // (x, y) is shown at (a x + c y, b x + d y)
  if (b == 0 && c == 0) return a > 0 ? (d > 0 ? 1 : 4) : (d > 0 ? 2 : 3);
  if (a == 0 && d == 0) return b > 0 ? (c > 0 ? 5 : 6) : (c > 0 ? 8 : 7);
  return 1;
}

class VideoReader {
 public:
  VideoReader(Source& source, std::string_view name, const VideoLimits& limits)
      : name_(name),
        limits_(limits),
        io_(source),
        deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(limits.deadline))) {
    check(source.size() <= limits.file_bytes, "{}: expected at most {} bytes, got {}", name, limits.file_bytes, source.size());
    open();
  }

  VideoClip read(const FrameSampling& sampling) {
    find_frames();
    VideoClip clip;
    clip.codec = avcodec_get_name(stream_->codecpar->codec_id);
    clip.claimed = std::max<std::int64_t>(0, stream_->nb_frames);
    clip.frame_count = std::ssize(frames_);
    std::vector<double> times;
    for (const StoredFrame& frame : frames_) times.push_back(seconds(frame.time - frames_.front().time));
    clip.duration = times.back() + (last_duration_ > 0 ? seconds(last_duration_)
                                    : times.size() > 1 ? times.back() / static_cast<double>(times.size() - 1)
                                                       : 0);
    check(clip.duration <= limits_.seconds, "{}: expected at most {:.6g} seconds, got {:.6g}", name_, limits_.seconds,
          clip.duration);
    const std::vector<std::size_t> taken = sampled_frames(sampling, times, clip.duration);
    const std::map<std::size_t, Image> images = decode({taken.begin(), taken.end()});
    for (const std::size_t number : taken)
      clip.frames.push_back({.image = images.at(number), .time = times[number], .number = static_cast<std::int64_t>(number)});
    clip.errors = errors_;
    return clip;
  }

 private:
  using Clock = std::chrono::steady_clock;

  double seconds(std::int64_t ticks) const { return static_cast<double>(ticks) * av_q2d(stream_->time_base); }

  [[noreturn]] void refuse(int error) const {
    expect_time();
    fail("{}: no video that omma reads: {}", name_, reason(error));
  }

  void expect_time() const {
    if (Clock::now() > deadline_) fail_runtime("{}: reading took longer than {:.6g} seconds", name_, limits_.deadline);
  }

  static int is_late(void* self) { return Clock::now() > static_cast<VideoReader*>(self)->deadline_ ? 1 : 0; }

  void open() {
    av_log_set_level(AV_LOG_QUIET);  // what is wrong is told by errors
    AVFormatContext* context = allocated(avformat_alloc_context());
    context->pb = io_.context();
    context->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_GENPTS;
    context->io_open = refuse_to_open;
    context->interrupt_callback = {.callback = is_late, .opaque = this};
    context->format_whitelist = allocated(av_strdup(containers));
    context->codec_whitelist = allocated(av_strdup(decoders));
    context->protocol_whitelist = allocated(av_strdup("none"));
    if (const int error = avformat_open_input(&context, nullptr, nullptr, nullptr); error < 0) refuse(error);  // which frees it
    container_.reset(context);
    for (unsigned i = 0; i < context->nb_streams; ++i)
      if (context->streams[i]->codecpar->codec_type != AVMEDIA_TYPE_VIDEO) context->streams[i]->discard = AVDISCARD_ALL;
    if (const int error = avformat_find_stream_info(context, nullptr); error < 0) refuse(error);
    for (unsigned i = 0; i < context->nb_streams; ++i) {
      AVStream* stream = context->streams[i];
      const bool shows =
          stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && (stream->disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
      if (shows && (stream_ == nullptr || pixels_of(*stream) > pixels_of(*stream_))) stream_ = stream;
    }
    check(stream_ != nullptr, "{}: no video frames", name_);
    for (unsigned i = 0; i < context->nb_streams; ++i)
      if (context->streams[i] != stream_) context->streams[i]->discard = AVDISCARD_ALL;
    expect_size(stream_->codecpar->width, stream_->codecpar->height);
  }

  static std::int64_t pixels_of(const AVStream& stream) { return std::int64_t{stream.codecpar->width} * stream.codecpar->height; }

  void expect_size(std::int64_t width, std::int64_t height) const {
    check(width * height <= limits_.frame_pixels, "{}: expected frames of at most {} pixels, got {} x {}", name_,
          limits_.frame_pixels, width, height);
  }

  // All time stamps, from the packets, none of which is decoded.
  void find_frames() {
    const Packet packet(allocated(av_packet_alloc()));
    std::int64_t key_time = AV_NOPTS_VALUE;
    while (av_read_frame(container_.get(), packet.get()) >= 0) {
      expect_time();
      if (packet->stream_index == stream_->index && (packet->flags & AV_PKT_FLAG_DISCARD) == 0 && packet->size > 0) {
        const std::int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
        const bool is_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
        if (is_key) key_time = packet->dts != AV_NOPTS_VALUE ? packet->dts : time;
        if (time != AV_NOPTS_VALUE) frames_.push_back({.time = time, .key_time = key_time, .is_key = is_key});
        if (!frames_.empty() && time == latest_) last_duration_ = packet->duration;
        if (frames_.size() == 1 || time > latest_) latest_ = time, last_duration_ = packet->duration;
        check(std::ssize(frames_) <= limits_.frames, "{}: expected at most {} frames", name_, limits_.frames);
      }
      av_packet_unref(packet.get());
    }
    expect_time();
    std::ranges::stable_sort(frames_, {}, &StoredFrame::time);
    const auto is_repeated = [](const StoredFrame& a, const StoredFrame& b) { return a.time == b.time; };
    frames_.erase(std::unique(frames_.begin(), frames_.end(), is_repeated), frames_.end());
    check(!frames_.empty(), "{}: no video frames", name_);
  }

  Decoder open_decoder() const {
    const AVCodec* codec = avcodec_find_decoder(stream_->codecpar->codec_id);
    check(codec != nullptr, "{}: no video that omma reads: its codec is {}", name_, avcodec_get_name(stream_->codecpar->codec_id));
    Decoder decoder(allocated(avcodec_alloc_context3(codec)));
    decoder->codec_whitelist = allocated(av_strdup(decoders));
    avcodec_parameters_to_context(decoder.get(), stream_->codecpar);
    decoder->pkt_timebase = stream_->time_base;
    decoder->max_pixels = limits_.frame_pixels;
    decoder->thread_count = limits_.threads;
    if (const int error = avcodec_open2(decoder.get(), codec, nullptr); error < 0) refuse(error);
    return decoder;
  }

  // The frames of these numbers.
  std::map<std::size_t, Image> decode(std::vector<std::size_t> numbers) {
    std::ranges::sort(numbers);
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    const Decoder decoder = open_decoder();
    std::map<std::size_t, Image> images;
    Frame shown;
    bool ended = false;
    for (const std::size_t number : numbers) {
      const StoredFrame& wanted = frames_[number];
      if (!shown || ended || needs_seek(time_of(*shown), wanted)) {
        seek_to(wanted);
        avcodec_flush_buffers(decoder.get());
        shown.reset();
        ended = false;
      }
      while (!ended && (!shown || time_of(*shown) < wanted.time)) {
        Frame next = next_frame(*decoder, wanted.time);
        ended = next == nullptr;
        if (!ended) shown = std::move(next);
      }
      check(shown != nullptr, "{}: no frame could be decoded: the file is broken", name_);
      const bool is_next = number + 1 < frames_.size() && time_of(*shown) >= frames_[number + 1].time;
      if (time_of(*shown) < wanted.time || is_next) ++errors_;  // a neighbour of what cannot be decoded
      Image image = picture_of(*shown);
      taken_pixels_ += std::int64_t{image.width} * image.height;
      check(taken_pixels_ <= limits_.taken_pixels, "{}: expected frames of at most {} pixels in all", name_, limits_.taken_pixels);
      images.emplace(number, std::move(image));
    }
    return images;
  }

  static std::int64_t time_of(const AVFrame& frame) { return frame.best_effort_timestamp; }

  // Whether a key frame lies between.
  static bool needs_seek(std::int64_t shown, const StoredFrame& wanted) {
    return wanted.key_time != AV_NOPTS_VALUE && wanted.key_time > shown;
  }

  void seek_to(const StoredFrame& wanted) {
    const std::int64_t time = wanted.key_time != AV_NOPTS_VALUE ? wanted.key_time : frames_.front().time;
    if (av_seek_frame(container_.get(), stream_->index, time, AVSEEK_FLAG_BACKWARD) < 0)
      av_seek_frame(container_.get(), stream_->index, 0, AVSEEK_FLAG_BYTE);
  }

  // Null at the end. Of those before `wanted` what nothing else is made of may be left out.
  Frame next_frame(AVCodecContext& decoder, std::int64_t wanted) {
    Frame frame(allocated(av_frame_alloc()));
    const Packet packet(allocated(av_packet_alloc()));
    for (;;) {
      expect_time();
      const int received = avcodec_receive_frame(&decoder, frame.get());
      if (received >= 0) break;
      if (received == AVERROR_EOF) return nullptr;
      if (received != AVERROR(EAGAIN)) continue;  // what is broken is left out
      if (av_read_frame(container_.get(), packet.get()) < 0) {
        avcodec_send_packet(&decoder, nullptr);
        continue;
      }
      decoder.skip_frame = packet->pts != AV_NOPTS_VALUE && packet->pts < wanted ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
      if (packet->stream_index == stream_->index) avcodec_send_packet(&decoder, packet.get());
      av_packet_unref(packet.get());
    }
    decoded_pixels_ += std::int64_t{frame->width} * frame->height;
    check(decoded_pixels_ <= limits_.decoded_pixels, "{}: expected at most {} pixels on the way to the frames taken", name_,
          limits_.decoded_pixels);
    return frame;
  }

  Image picture_of(const AVFrame& frame) {
    expect_size(frame.width, frame.height);
    if (frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0) ++errors_;
    if (size_.width == 0) size_ = shown_size(frame);
    Image image(size_.width, size_.height);
    const std::unique_ptr<SwsContext, FreeScaler> scaler(allocated(sws_getContext(
        frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), image.width, image.height, AV_PIX_FMT_RGB24,
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr)));
    const int* coefficients = sws_getCoefficients(number_in(frame.colorspace));  // BT.601 where it does not say
    sws_setColorspaceDetails(scaler.get(), coefficients, number_in(frame.color_range) == AVCOL_RANGE_JPEG ? 1 : 0, coefficients, 1,
                             0, 1 << 16, 1 << 16);
    std::uint8_t* rows[] = {image.data.data()};
    const int strides[] = {3 * image.width};
    if (sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, rows, strides) < 0) ++errors_;
    return upright(std::move(image), orientation());
  }

  struct Size {
    int width = 0, height = 0;
  };

  // The first frame's, with square pixels; frames of another size are scaled to it.
  Size shown_size(const AVFrame& frame) const {
    const AVRational aspect = av_guess_sample_aspect_ratio(container_.get(), stream_, const_cast<AVFrame*>(&frame));
    const double ratio = aspect.num > 0 && aspect.den > 0 ? av_q2d(aspect) : 1;
    const double width = frame.width * std::max(1.0, ratio), height = frame.height / std::min(1.0, ratio);
    expect_size(static_cast<std::int64_t>(std::min(width, 1e9)), static_cast<std::int64_t>(std::min(height, 1e9)));
    return {.width = static_cast<int>(std::lround(width)), .height = static_cast<int>(std::lround(height))};
  }

  int orientation() const {
    const auto* matrix =
        reinterpret_cast<const std::int32_t*>(av_stream_get_side_data(stream_, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
    return matrix == nullptr ? 1 : orientation_of(matrix);
  }

  std::string_view name_;
  const VideoLimits& limits_;
  Stream io_;
  std::chrono::steady_clock::time_point deadline_;
  Container container_;
  AVStream* stream_ = nullptr;
  std::vector<StoredFrame> frames_;  // by time, no time twice
  std::int64_t latest_ = 0, last_duration_ = 0;
  std::int64_t decoded_pixels_ = 0, taken_pixels_ = 0, errors_ = 0;
  Size size_;
};

}  // namespace

bool is_video(std::span<const std::uint8_t> beginning) {
  std::vector<std::uint8_t> padded(beginning.begin(), beginning.end());
  padded.resize(beginning.size() + AVPROBE_PADDING_SIZE);
  const AVProbeData data{.filename = "",
                         .buf = padded.data(),
                         .buf_size = static_cast<int>(std::min<std::size_t>(beginning.size(), 1 << 20)),
                         .mime_type = nullptr};
  const AVInputFormat* format = av_probe_input_format(&data, 1);
  return format != nullptr && (std::string_view(format->name) == "gif" || av_match_name(format->name, containers) != 0);
}

VideoClip read_video(const fs::path& file, const FrameSampling& sampling, const VideoLimits& limits) {
  FileSource source(file);
  return VideoReader(source, file.string(), limits).read(sampling);
}

VideoClip decode_video(std::span<const std::uint8_t> bytes, std::string_view name, const FrameSampling& sampling,
                       const VideoLimits& limits) {
  MemorySource source(bytes);
  return VideoReader(source, name, limits).read(sampling);
}

}  // namespace omma
