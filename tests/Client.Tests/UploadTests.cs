using System.Formats.Tar;
using System.Security.Cryptography;
using AtomikD.Support;
using AtomikD.V1;
using Grpc.Core;
using Xunit;

namespace AtomikD.Client;

/// <summary>What an upload sends, and when it is sent again.</summary>
public sealed class UploadTests
{
    [Fact]
    public async Task A_stream_is_sent_from_where_it_stands_and_told_of_as_it_goes()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        (UploadHeader? header, byte[]? data) got = default;
        daemon.Calls.OnUpload = async (requests, _) =>
        {
            got = await ReceiveAsync(requests);
            return Answer(got.header!);
        };
        await using AtomikClient client = daemon.NewClient();
        byte[] content = RandomNumberGenerator.GetBytes(300_000);
        var sent = new Sum();
        var stream = new MemoryStream(content) { Position = 100 };

        CommittedVersion version = await client.UploadFileAsync("site", "x.bin", stream, new UploadOptions { Overwrite = true, Progress = sent, Labels = { ["a"] = "b" } });

        Assert.Equal("x.bin", version.Name);
        Assert.Equal((V1.ItemKind.File, 299_900L, true, "b"), (got.header!.Kind, got.header.Size, got.header.Overwrite, got.header.Labels["a"]));
        Assert.Equal(content[100..], got.data);
        Assert.Equal(0, sent.Values[0]);
        Assert.Equal(299_900, sent.Values[^1]);
        Assert.Equal(sent.Values.Order(), sent.Values);
    }

    [Fact]
    public async Task An_empty_file_is_a_file()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnUpload = async (requests, _) =>
        {
            (UploadHeader header, byte[] data) = await ReceiveAsync(requests);
            Assert.Empty(data);
            Assert.True(header.HasSize);
            return Answer(header);
        };
        await using AtomikClient client = daemon.NewClient();

        Assert.Equal(1, (await client.UploadFileAsync("site", "x", Stream.Null)).Number);
    }

    [Fact]
    public async Task A_folder_is_sent_as_a_tar_stream()
    {
        using var scratch = new TempFolder();
        scratch.Write("tree/a.txt", "a");
        scratch.Write("tree/sub/b.txt", "bb");
        File.CreateSymbolicLink(scratch["tree/link"], "a.txt");
        scratch.MakeFolder("tree/empty");
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var entries = new List<string>();
        daemon.Calls.OnUpload = async (requests, _) =>
        {
            (UploadHeader header, byte[] data) = await ReceiveAsync(requests);
            Assert.Equal((V1.ItemKind.Folder, false), (header.Kind, header.HasSize));
            await using var tar = new TarReader(new MemoryStream(data));
            while (await tar.GetNextEntryAsync() is { } entry)
                entries.Add($"{entry.EntryType} {entry.Name.TrimEnd('/')} {entry.Length}{entry.LinkName}");
            return Answer(header);
        };
        await using AtomikClient client = daemon.NewClient();

        await client.UploadFolderAsync("site", "tree", scratch["tree"]);

        Assert.Equal(["Directory empty 0", "Directory sub 0", "RegularFile a.txt 1", "RegularFile sub/b.txt 2", "SymbolicLink link 0a.txt"], entries.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_refusal_before_the_end_of_the_stream_is_told()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnUpload = (_, _) => throw FakeDaemon.Refusal(StatusCode.ResourceExhausted, "NO_SPACE", "It is larger than MaxUpload.", ("hint", "less"));
        await using AtomikClient client = daemon.NewClient();

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.UploadFileAsync("site", "x", new Zeros(200 << 20)));

        Assert.Equal((AtomikReason.NoSpace, "less"), (e.Reason, e.Hint));
    }

    [Fact]
    public async Task What_was_lost_is_sent_again_from_the_beginning_where_it_can_be_read_again()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var ids = new List<string>();
        byte[]? data = null;
        daemon.Calls.OnUpload = async (requests, context) =>
        {
            (UploadHeader header, data) = await ReceiveAsync(requests);
            ids.Add(header.RequestId);
            if (ids.Count == 1)
                throw new RpcException(new Status(StatusCode.Unavailable, "going down"));
            return Answer(header);
        };
        await using AtomikClient client = daemon.NewClient();

        CommittedVersion version = await client.UploadFileAsync("site", "x", new MemoryStream([1, 2, 3]));

        Assert.Equal(1, version.Number);
        Assert.Equal([1, 2, 3], data!);
        Assert.Equal(2, ids.Count);
        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task What_cannot_be_read_again_is_not_sent_again_and_its_outcome_is_unknown()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        int calls = 0;
        daemon.Calls.OnUpload = async (requests, _) =>
        {
            calls++;
            await ReceiveAsync(requests);
            throw new RpcException(new Status(StatusCode.Unavailable, "going down"));
        };
        await using AtomikClient client = daemon.NewClient();

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.UploadFileAsync("site", "x", new Zeros(1000)));

        Assert.Equal((true, 1), (e.IsOutcomeUnknown, calls));
    }

    [Fact]
    public async Task One_that_stands_still_is_given_up()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        daemon.Calls.OnUpload = async (_, context) =>
        {
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return null!;
        };
        await using AtomikClient client = daemon.NewClient(options => options.Timeout = TimeSpan.FromMilliseconds(300));

        AtomikException e = await Assert.ThrowsAsync<AtomikException>(() => client.UploadFileAsync("site", "x", new Zeros(50 << 20)));

        Assert.IsType<TimeoutException>(e.InnerException);
    }

    [Fact]
    public async Task A_source_that_cannot_be_read_is_told_as_it_is_and_the_upload_ends()
    {
        await using FakeDaemon daemon = await new FakeDaemon().StartAsync();
        var ended = new TaskCompletionSource();
        daemon.Calls.OnUpload = async (requests, _) =>
        {
            try
            {
                return Answer((await ReceiveAsync(requests)).Header);
            }
            catch (Exception e)
            {
                ended.SetException(e);
                throw;
            }
        };
        await using AtomikClient client = daemon.NewClient();

        await Assert.ThrowsAsync<EndOfStreamException>(() => client.UploadFileAsync("site", "x", new Zeros(1_000_000) { FailsAt = 500_000 }));

        Exception seen = await Assert.ThrowsAnyAsync<Exception>(() => ended.Task.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.IsNotType<TimeoutException>(seen);
        await Assert.ThrowsAsync<FileNotFoundException>(() => client.UploadFileAsync("site", "x", "/nowhere/to/be/found".Replace("/nowhere/to/be", Path.GetTempPath(), StringComparison.Ordinal)));
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => client.UploadFolderAsync("site", "x", "/nowhere/to/be/found"));
    }

    private static CommitResponse Answer(UploadHeader header) => new() { Version = FakeDaemon.Service.Version(header.Route, header.Name, 1) };

    private static async Task<(UploadHeader Header, byte[] Data)> ReceiveAsync(IAsyncStreamReader<UploadRequest> requests)
    {
        UploadHeader? header = null;
        var data = new MemoryStream();
        await foreach (UploadRequest request in requests.ReadAllAsync())
        {
            if (request.PartCase == UploadRequest.PartOneofCase.Header)
                header = request.Header;
            else
                request.Data.WriteTo(data);
        }
        return (header!, data.ToArray());
    }

    private sealed class Sum : IProgress<long>
    {
        public List<long> Values { get; } = [];

        public void Report(long value) => Values.Add(value);
    }

    /// <summary>A source that cannot seek.</summary>
    private sealed class Zeros(long length) : Stream
    {
        private long _at;

        public long FailsAt { get; init; } = long.MaxValue;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_at >= FailsAt)
                throw new EndOfStreamException();
            int read = (int)Math.Min(count, length - _at);
            Array.Clear(buffer, offset, read);
            _at += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
