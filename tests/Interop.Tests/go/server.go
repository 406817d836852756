// A Go server of the probe's four calls, for our client. It ends when its standard input does. Its messages are written by
// hand, as Debian's grpc for Go and its generator are of two generations.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

var left int64

type probeRequest struct {
	Text    string `protobuf:"bytes,1,opt,name=text,proto3"`
	Payload []byte `protobuf:"bytes,2,opt,name=payload,proto3"`
	Number  int32  `protobuf:"varint,3,opt,name=number,proto3"`
	Act     string `protobuf:"bytes,4,opt,name=act,proto3"`
}

type probeReply struct {
	Text    string `protobuf:"bytes,1,opt,name=text,proto3"`
	Payload []byte `protobuf:"bytes,2,opt,name=payload,proto3"`
	Number  int64  `protobuf:"varint,3,opt,name=number,proto3"`
}

func (m *probeRequest) Reset()         { *m = probeRequest{} }
func (m *probeRequest) String() string { return m.Text }
func (*probeRequest) ProtoMessage()    {}
func (m *probeReply) Reset()           { *m = probeReply{} }
func (m *probeReply) String() string   { return m.Text }
func (*probeReply) ProtoMessage()      {}

func trailer() metadata.MD {
	bytes := make([]byte, 256)
	for i := range bytes {
		bytes[i] = byte(i)
	}
	return metadata.Pairs("x-trail", "end", "x-trail-bin", string(bytes))
}

func hang(ctx context.Context) error {
	<-ctx.Done()
	atomic.AddInt64(&left, 1)
	// Where the server's clock is first, its word for it must be the same as the client's.
	return status.FromContextError(ctx.Err()).Err()
}

func say(ctx context.Context, request *probeRequest) (*probeReply, error) {
	switch request.Act {
	case "fail":
		grpc.SetTrailer(ctx, trailer())
		return nil, status.Error(codes.Code(request.Number), request.Text)
	case "hang":
		return nil, hang(ctx)
	case "left":
		return &probeReply{Number: atomic.LoadInt64(&left)}, nil
	case "metadata":
		given, _ := metadata.FromIncomingContext(ctx)
		grpc.SendHeader(ctx, metadata.Pairs("x-out", given.Get("x-in")[0], "x-out-bin", given.Get("x-in-bin")[0]))
		deadline, _ := ctx.Deadline()
		return &probeReply{Number: time.Until(deadline).Milliseconds()}, nil
	}
	return &probeReply{Text: request.Text, Payload: request.Payload, Number: int64(request.Number)}, nil
}

func count(_ interface{}, stream grpc.ServerStream) error {
	request := new(probeRequest)
	if err := stream.RecvMsg(request); err != nil {
		return err
	}
	messages := int(request.Number)
	if request.Act == "fail" {
		messages = 3
	}
	for number := 0; number < messages; number++ {
		if err := stream.SendMsg(&probeReply{Text: request.Text, Payload: request.Payload, Number: int64(number)}); err != nil {
			return err
		}
	}
	switch request.Act {
	case "fail":
		stream.SetTrailer(trailer())
		return status.Error(codes.Code(request.Number), request.Text)
	case "hang":
		return hang(stream.Context())
	}
	return nil
}

func collect(_ interface{}, stream grpc.ServerStream) error {
	messages, size := 0, 0
	for {
		request := new(probeRequest)
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return stream.SendMsg(&probeReply{Text: strconv.Itoa(messages), Number: int64(size)})
		}
		if err != nil {
			return err
		}
		messages++
		size += len(request.Payload)
	}
}

func chat(_ interface{}, stream grpc.ServerStream) error {
	for {
		request := new(probeRequest)
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.SendMsg(&probeReply{Text: request.Text, Payload: request.Payload, Number: int64(request.Number)}); err != nil {
			return err
		}
	}
}

func main() {
	listener, err := net.Listen("unix", os.Args[1])
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "atomikd.probe.Probe",
		HandlerType: (*interface{})(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Say", Handler: func(_ interface{}, ctx context.Context, read func(interface{}) error, _ grpc.UnaryServerInterceptor) (interface{}, error) {
			request := new(probeRequest)
			if err := read(request); err != nil {
				return nil, err
			}
			return say(ctx, request)
		}}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Count", Handler: count, ServerStreams: true},
			{StreamName: "Collect", Handler: collect, ClientStreams: true},
			{StreamName: "Chat", Handler: chat, ClientStreams: true, ServerStreams: true},
		},
	}, struct{}{})
	go server.Serve(listener)
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
