using System.Formats.Tar;
using AtomikD.Support;
using AtomikD.V1;
using Google.Protobuf;
using Grpc.Core;
using Xunit;

namespace AtomikD.Api;

/// <summary>Upload as a call; what it makes of its data is tested with the uploads themselves.</summary>
[Trait("Promise", "P3")]
public sealed class UploadCallTests
{
    [Fact]
    public async Task A_file_and_a_folder_go_live()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();

        CommitResponse file = await UploadAsync(service, new UploadHeader { Route = "site", Name = "f", Kind = V1.ItemKind.File, Size = 5 }, "hello"u8.ToArray());
        CommitResponse folder = await UploadAsync(service, new UploadHeader { Route = "site", Name = "d", Kind = V1.ItemKind.Folder }, Tar(("a/b", "deep")));

        Assert.Equal((1L, V1.ItemKind.File, 5L), (file.Version.Number, file.Version.Kind, file.Version.Bytes));
        Assert.Equal("hello", File.ReadAllText(service.Live("f")));
        Assert.Equal(V1.ItemKind.Folder, folder.Version.Kind);
        Assert.Equal("deep", File.ReadAllText(Path.Combine(service.Live("d"), "a/b")));
    }

    [Fact]
    public async Task What_is_refused_while_it_comes_is_in_the_history_and_leaves_nothing()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        byte[] archive = Tar(("a", "x"));

        CallFailure refused = await RefusedAsync(service, new UploadHeader { Route = "site", Name = "d", Kind = V1.ItemKind.Folder, RequestId = "r" }, archive[..700]);

        Assert.Equal((StatusCode.InvalidArgument, "ITEM_UNSUPPORTED"), (refused.Code, refused.Reason));
        HistoryEntry entry = Assert.Single((await service.Client.ListHistoryAsync(new ListHistoryRequest { Filter = HistoryFilter.Failures })).Entries);
        Assert.Equal(("ITEM_UNSUPPORTED", "d", "r"), (entry.Failure.Reason, entry.Failure.Name, entry.Failure.RequestId));
        Assert.Equal(1, service.Route.Failures);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(service.Settings.Routes[0].Vault, "upload")));
        Assert.False(Path.Exists(service.Live("d")));
    }

    [Fact]
    public async Task It_begins_with_a_header_and_only_one()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using AsyncClientStreamingCall<UploadRequest, CommitResponse> headless = service.Client.Upload();
        await headless.RequestStream.WriteAsync(new UploadRequest { Data = ByteString.CopyFromUtf8("x") });
        Assert.Equal("BAD_MARKER", CallFailure.Of(await Assert.ThrowsAsync<RpcException>(async () => await headless)).Reason);

        var header = new UploadHeader { Route = "site", Name = "f", Kind = V1.ItemKind.File };
        using AsyncClientStreamingCall<UploadRequest, CommitResponse> twice = service.Client.Upload();
        await twice.RequestStream.WriteAsync(new UploadRequest { Header = header });
        await twice.RequestStream.WriteAsync(new UploadRequest { Header = header });
        Assert.Equal("BAD_MARKER", CallFailure.Of(await Assert.ThrowsAsync<RpcException>(async () => await twice)).Reason);

        Assert.Equal("BAD_MARKER", (await RefusedAsync(service, new UploadHeader { Route = "site", Name = "f" }, [])).Reason);
        Assert.Equal("INVALID_NAME", (await RefusedAsync(service, new UploadHeader { Route = "site", Name = "a/b", Kind = V1.ItemKind.File }, [])).Reason);
        Assert.Equal("ROUTE_NOT_FOUND", (await RefusedAsync(service, new UploadHeader { Route = "nowhere", Name = "f", Kind = V1.ItemKind.File }, [])).Reason);
        Assert.False(Path.Exists(service.Live("f")));
    }

    /// <summary>A caller that sends no more would hold up the stop.</summary>
    [Fact]
    public async Task One_that_is_open_when_the_service_stops_ends_at_once()
    {
        await using ServiceHarness service = await new ServiceHarness().StartAsync();
        using AsyncClientStreamingCall<UploadRequest, CommitResponse> upload = service.Client.Upload();
        await upload.RequestStream.WriteAsync(new UploadRequest { Header = new UploadHeader { Route = "site", Name = "f", Kind = V1.ItemKind.File } });
        Eventually.True(() => Directory.EnumerateFileSystemEntries(Path.Combine(service.Settings.Routes[0].Vault, "upload")).Any(), "the upload is being received");

        await service.StopAsync().WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(StatusCode.Unavailable, (await Assert.ThrowsAsync<RpcException>(async () => await upload)).StatusCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(service.Settings.Routes[0].Vault, "upload")));
    }

    private static async Task<CommitResponse> UploadAsync(ServiceHarness service, UploadHeader header, byte[] data)
    {
        using AsyncClientStreamingCall<UploadRequest, CommitResponse> call = service.Client.Upload();
        try
        {
            await call.RequestStream.WriteAsync(new UploadRequest { Header = header });
            foreach (byte[] chunk in data.Chunk(1000))
                await call.RequestStream.WriteAsync(new UploadRequest { Data = ByteString.CopyFrom(chunk) });
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The answer came before the end; it is what the call ends with.
        }
        return await call;
    }

    private static async Task<CallFailure> RefusedAsync(ServiceHarness service, UploadHeader header, byte[] data) =>
        CallFailure.Of(await Assert.ThrowsAsync<RpcException>(() => UploadAsync(service, header, data)));

    private static byte[] Tar(params (string Name, string Text)[] files)
    {
        var bytes = new MemoryStream();
        using (var writer = new TarWriter(bytes, leaveOpen: true))
        {
            foreach ((string name, string text) in files)
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) });
        }
        return bytes.ToArray();
    }
}
