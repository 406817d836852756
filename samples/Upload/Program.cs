// Publishes a file or a folder from where the file system is not shared with the service: its contents go over the socket. An
// upload that does not come to its end leaves nothing behind.
//
//   Upload ROUTE PATH NAME [SOCKET]
using AtomikD.Client;

if (args.Length is < 3 or > 4)
{
    Console.Error.WriteLine("Upload ROUTE PATH NAME [SOCKET]");
    return 64;
}
(string route, string path, string name) = (args[0], args[1], args[2]);
var options = new AtomikClientOptions();
if (args.Length > 3)
    options.SocketPath = args[3];

await using var client = new AtomikClient(options);
var upload = new UploadOptions { Overwrite = true, Progress = new Progress<long>(bytes => Console.Error.Write($"\r{bytes} bytes")) };
try
{
    CommittedVersion version = Directory.Exists(path)
        ? await client.UploadFolderAsync(route, name, path, upload)
        : await client.UploadFileAsync(route, name, path, upload);
    Console.WriteLine($"{version.Name} is version {version.Number}: {version.Kind}, {version.Bytes} bytes");
    return 0;
}
catch (AtomikException e)
{
    Console.Error.WriteLine($"{e.Reason}: {e.Message} {e.Hint}");
    return e.IsRetryable ? 75 : 1;
}
