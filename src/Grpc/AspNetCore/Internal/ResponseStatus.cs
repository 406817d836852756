using System.Globalization;
using Grpc.Core;
using Grpc.Core.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>Writes how a call ended into its trailers, or into its headers where those are all it has.</summary>
internal static class ResponseStatus
{
    public static void Write(IHeaderDictionary headers, Status status, Metadata? trailers)
    {
        if (trailers is not null)
            WriteMetadata(headers, trailers);
        headers[GrpcProtocol.StatusHeader] = status.StatusCode == StatusCode.OK ? "0" : ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (status.Detail.Length > 0)
            headers[GrpcProtocol.MessageHeader] = PercentCoding.Encode(status.Detail);
    }

    public static void WriteMetadata(IHeaderDictionary headers, Metadata metadata)
    {
        foreach (Metadata.Entry entry in metadata)
        {
            if (!GrpcProtocol.IsReserved(entry.Key))
                headers[entry.Key] = StringValues.Concat(headers[entry.Key], MetadataCoding.Encode(entry));
        }
    }
}
